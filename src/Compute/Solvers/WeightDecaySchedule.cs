using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers;

/// <summary>
/// The weight decay of an iteration, by <c>weight_decay_policy</c> of NVIDIA's fork: "fixed" (default) is weight_decay;
/// "poly" is weight_decay + (max_weight_decay - weight_decay) * (iteration / max_iter)^weight_decay_power.
/// </summary>
internal sealed class WeightDecaySchedule
{
    private const string Fixed = "fixed";
    private const string Poly = "poly";

    private readonly bool _grows;
    private readonly float _decay;
    private readonly float _greatest;
    private readonly float _power;
    private readonly float _maxIter;

    /// <summary>Makes the schedule of a solver.</summary>
    /// <exception cref="CaffeException">The policy is unknown, or its settings are out of range.</exception>
    public WeightDecaySchedule(SolverParameter parameter)
    {
        if (parameter.WeightDecayPolicy is not (Fixed or Poly))
        {
            throw SolverValidation.UnknownName(
                parameter, "weight_decay_policy", parameter.WeightDecayPolicy, [Fixed, Poly]);
        }

        _grows = parameter.WeightDecayPolicy == Poly;
        _decay = parameter.WeightDecay;
        _greatest = parameter.MaxWeightDecay;
        _power = parameter.WeightDecayPower;
        _maxIter = parameter.MaxIter;
        if (_grows && _maxIter <= 0)
        {
            throw SolverValidation.Fail(
                parameter, "max_iter", $"must be > 0 for weight_decay_policy 'poly', not {parameter.MaxIter}");
        }
    }

    /// <summary>The weight decay.</summary>
    /// <param name="iteration">Updates done so far.</param>
    public float At(int iteration) => _grows
        ? _decay + ((_greatest - _decay) * MathF.Pow(iteration / _maxIter, _power))
        : _decay;
}
