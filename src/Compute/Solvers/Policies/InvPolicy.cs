using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers.Policies;

/// <summary>rate = base_lr * (1 + gamma * iteration)^-power; gamma >= 0.</summary>
/// <param name="parameter">The solver's message.</param>
[LearningRatePolicy("inv")]
public sealed class InvPolicy(SolverParameter parameter) : LearningRatePolicy(parameter)
{
    private readonly float _gamma = GammaOf(parameter);
    private readonly float _power = parameter.Power;

    /// <inheritdoc/>
    public override float Rate(int iteration, ref int currentStep) =>
        BaseLr * MathF.Pow(1 + (_gamma * iteration), -_power);
}
