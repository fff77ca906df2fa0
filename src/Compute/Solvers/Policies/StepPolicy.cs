using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers.Policies;

/// <summary>rate = base_lr * gamma^step, step = floor(iteration / stepsize); gamma >= 0, stepsize > 0.</summary>
/// <param name="parameter">The solver's message.</param>
[LearningRatePolicy("step")]
public sealed class StepPolicy(SolverParameter parameter) : LearningRatePolicy(parameter)
{
    private readonly float _gamma = GammaOf(parameter);
    private readonly int _stepSize = StepSizeOf(parameter);

    /// <inheritdoc/>
    public override float Rate(int iteration, ref int currentStep)
    {
        currentStep = iteration / _stepSize;
        return (float)(BaseLr * Math.Pow(_gamma, currentStep));
    }
}
