using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers.Policies;

/// <summary>rate = base_lr / (1 + exp(-gamma * (iteration - stepsize))); gamma >= 0, stepsize > 0.</summary>
/// <param name="parameter">The solver's message.</param>
[LearningRatePolicy("sigmoid")]
public sealed class SigmoidPolicy(SolverParameter parameter) : LearningRatePolicy(parameter)
{
    private readonly float _gamma = GammaOf(parameter);
    private readonly float _stepSize = StepSizeOf(parameter);

    /// <inheritdoc/>
    public override float Rate(int iteration, ref int currentStep) =>
        BaseLr * (1 / (1 + MathF.Exp(-_gamma * (iteration - _stepSize))));
}
