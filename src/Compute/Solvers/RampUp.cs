using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers;

/// <summary>
/// Any policy with a rising start and a floor, settings of NVIDIA's fork: before <c>rampup_interval</c> n the rate is
/// rampup_lr + (base_lr - rampup_lr) * (iteration / n)^2, after that the policy's, but not below <c>min_lr</c>.
/// </summary>
internal sealed class RampUp : LearningRatePolicy
{
    private readonly LearningRatePolicy _policy;
    private readonly int _interval;
    private readonly float _first;
    private readonly float _least;

    /// <summary>Makes it.</summary>
    /// <param name="parameter">The solver's message.</param>
    /// <param name="policy">What holds after the start.</param>
    public RampUp(SolverParameter parameter, LearningRatePolicy policy)
        : base(parameter)
    {
        if (parameter.RampupInterval < 0)
            throw Fail(parameter, "rampup_interval", $"must be at least 0, not {parameter.RampupInterval}");
        if (!(parameter.MinLr >= 0))
            throw Fail(parameter, "min_lr", $"must be at least 0, not {parameter.MinLr}");
        _policy = policy;
        _interval = parameter.RampupInterval;
        _first = parameter.RampupLr;
        _least = parameter.MinLr;
    }

    /// <inheritdoc/>
    public override Action<string>? Notice
    {
        get => _policy.Notice;
        set => _policy.Notice = value;
    }

    /// <inheritdoc/>
    public override PlateauState? Plateau
    {
        get => _policy.Plateau;
        set => _policy.Plateau = value;
    }

    /// <inheritdoc/>
    public override float Rate(int iteration, ref int currentStep)
    {
        if (iteration >= _interval)
            return MathF.Max(_policy.Rate(iteration, ref currentStep), _least);
        float part = (float)iteration / _interval;
        return _first + ((BaseLr - _first) * part * part);
    }

    /// <inheritdoc/>
    public override void Observe(int iteration, float loss, ref int currentStep)
    {
        // While the rate still rises a plateau says nothing.
        if (iteration >= _interval)
            _policy.Observe(iteration, loss, ref currentStep);
    }
}
