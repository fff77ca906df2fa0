using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers.Policies;

/// <summary>
/// rate = (base_lr - min_lr) * (1 - iteration / max_iter)^power + min_lr, for iterations before max_iter; max_iter > 0;
/// <c>min_lr</c>, which NVIDIA's fork has, is 0 by default.
/// </summary>
[LearningRatePolicy("poly")]
public sealed class PolyPolicy : LearningRatePolicy
{
    private readonly float _maxIter;
    private readonly float _power;
    private readonly float _least;

    /// <summary>Makes the policy of a solver.</summary>
    /// <param name="parameter">The solver's message.</param>
    public PolyPolicy(SolverParameter parameter)
        : base(parameter)
    {
        if (parameter.MaxIter <= 0)
            throw Fail(parameter, "max_iter", $"must be > 0 for lr_policy 'poly', not {parameter.MaxIter}");
        _maxIter = parameter.MaxIter;
        _power = parameter.Power;
        _least = parameter.MinLr;
    }

    /// <inheritdoc/>
    public override float Rate(int iteration, ref int currentStep) =>
        ((BaseLr - _least) * MathF.Pow(1 - (iteration / _maxIter), _power)) + _least;
}
