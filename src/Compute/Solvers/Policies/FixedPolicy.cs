using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers.Policies;

/// <summary>rate = base_lr.</summary>
/// <param name="parameter">The solver's message.</param>
[LearningRatePolicy("fixed")]
public sealed class FixedPolicy(SolverParameter parameter) : LearningRatePolicy(parameter)
{
    /// <inheritdoc/>
    public override float Rate(int iteration, ref int currentStep) => BaseLr;
}
