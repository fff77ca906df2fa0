using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers.Policies;

/// <summary>rate = base_lr * gamma^iteration; gamma >= 0.</summary>
/// <param name="parameter">The solver's message.</param>
[LearningRatePolicy("exp")]
public sealed class ExpPolicy(SolverParameter parameter) : LearningRatePolicy(parameter)
{
    private readonly float _gamma = GammaOf(parameter);

    /// <inheritdoc/>
    public override float Rate(int iteration, ref int currentStep) => (float)(BaseLr * Math.Pow(_gamma, iteration));
}
