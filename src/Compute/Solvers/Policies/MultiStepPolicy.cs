using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers.Policies;

/// <summary>
/// rate = base_lr * gamma^step; step grows by 1 when the iteration reaches the next <c>stepvalue</c>, at most once an
/// iteration, so equal or skipped values are caught up with one by one; gamma >= 0. Each step is told as a notice.
/// </summary>
/// <param name="parameter">The solver's message.</param>
[LearningRatePolicy("multistep")]
public sealed class MultiStepPolicy(SolverParameter parameter) : LearningRatePolicy(parameter)
{
    private readonly float _gamma = GammaOf(parameter);
    private readonly int[] _stepValues = [.. parameter.Stepvalue];

    /// <inheritdoc/>
    public override float Rate(int iteration, ref int currentStep)
    {
        if (currentStep < _stepValues.Length && iteration >= _stepValues[currentStep])
        {
            currentStep++;
            Notice?.Invoke($"MultiStep Status: Iteration {iteration}, step = {currentStep}");
        }

        return (float)(BaseLr * Math.Pow(_gamma, currentStep));
    }
}
