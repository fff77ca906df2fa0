using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers;

/// <summary>
/// The momentum of an iteration, by <c>momentum_policy</c> of NVIDIA's fork: "fixed" (default) is momentum; "poly" is
/// momentum + (max_momentum - momentum) * (iteration / max_iter)^momentum_power; "opt" is (1 - sqrt(rate) / 2)^2, at
/// most max_momentum.
/// </summary>
internal sealed class MomentumSchedule
{
    private const string Fixed = "fixed";
    private const string Poly = "poly";
    private const string Opt = "opt";

    private readonly string _policy;
    private readonly float _momentum;
    private readonly float _greatest;
    private readonly float _power;
    private readonly float _maxIter;

    /// <summary>Makes the schedule of a solver.</summary>
    /// <exception cref="CaffeException">The policy is unknown, or its settings are out of range.</exception>
    public MomentumSchedule(SolverParameter parameter)
    {
        _policy = parameter.MomentumPolicy;
        _momentum = parameter.Momentum;
        _greatest = parameter.MaxMomentum;
        _power = parameter.MomentumPower;
        _maxIter = parameter.MaxIter;
        if (_policy is not (Fixed or Poly or Opt))
            throw SolverValidation.UnknownName(parameter, "momentum_policy", _policy, [Fixed, Opt, Poly]);
        if (_policy == Fixed)
            return;
        if (!(_greatest >= 0 && _greatest < 1))
            throw SolverValidation.Fail(parameter, "max_momentum", $"must lie in [0, 1), not be {_greatest}");
        if (_policy == Poly && _maxIter <= 0)
        {
            throw SolverValidation.Fail(
                parameter, "max_iter", $"must be > 0 for momentum_policy 'poly', not {parameter.MaxIter}");
        }
    }

    /// <summary>The momentum.</summary>
    /// <param name="iteration">Updates done so far.</param>
    /// <param name="rate">The iteration's learning rate.</param>
    public float At(int iteration, float rate)
    {
        if (_policy == Fixed)
            return _momentum;
        if (_policy == Poly)
            return _momentum + ((_greatest - _momentum) * MathF.Pow(iteration / _maxIter, _power));
        float root = 1 - (0.5f * MathF.Sqrt(rate));
        return MathF.Min(root * root, _greatest);
    }
}
