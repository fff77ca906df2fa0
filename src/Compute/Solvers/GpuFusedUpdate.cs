using CaffeActors.Compute.Backends.Gpu;
using ILGPU;

namespace CaffeActors.Compute.Solvers;

/// <summary>All that one update does to an element of a parameter on an accelerator: what
/// <see cref="FusedUpdate{TRule}"/> does on the CPU.</summary>
internal readonly struct GpuFusedUpdate<TRule> : IGpuBody
    where TRule : struct, IGpuElementRule
{
    private const uint Exponent = 0x7F800000;

    private readonly GpuParamMemory _memory;
    private readonly TRule _rule;
    private readonly ArrayView<int> _notFinite;
    private readonly int _mark;
    private readonly int _historyBlocks;
    private readonly int _clears;
    private readonly float _scale;
    private readonly float _normalization;
    private readonly float _l1;
    private readonly float _l2;

    /// <summary>Describes the update.</summary>
    /// <param name="memory">The parameter.</param>
    /// <param name="update">What is done.</param>
    /// <param name="rule">The formula.</param>
    /// <param name="historyBlocks">1 or 2.</param>
    /// <param name="notFinite">One number, set where an element was out of range; else left alone.</param>
    /// <param name="mark">What it is set to.</param>
    public GpuFusedUpdate(
        in GpuParamMemory memory, in ParamUpdate update, TRule rule, int historyBlocks, ArrayView<int> notFinite,
        int mark)
    {
        _memory = memory;
        _rule = rule;
        _notFinite = notFinite;
        _mark = mark;
        _historyBlocks = historyBlocks;
        _clears = update.ClearGradient ? 1 : 0;
        _scale = update.GradientScale;
        _normalization = update.Normalization;
        _l1 = update.Regularization == Regularization.L1 ? update.Decay : 0;
        _l2 = update.Regularization == Regularization.L2 ? update.Decay : 0;
    }

    /// <inheritdoc/>
    public void Invoke(int i)
    {
        float weight = _memory.Weights[i];
        float gradient = _memory.Gradient[i] * _scale * _normalization;
        if (_l2 != 0)
            gradient += _l2 * weight;
        if (_l1 != 0)
            gradient += weight > 0 ? _l1 : weight < 0 ? -_l1 : 0;
        float first = _memory.History[i];
        float second = _historyBlocks > 1 ? _memory.SecondHistory[i] : 0;
        float delta = _rule.Step(gradient, ref first, ref second);
        weight -= delta;
        // One number that is finite only where all of them are.
        float sum = (weight * weight) + first;
        if (_historyBlocks > 1)
            sum += second;
        if ((Interop.FloatAsInt(sum) & Exponent) == Exponent)
        {
            // All that write here write the same.
            _notFinite[0] = _mark;
            return;
        }

        _memory.History.Set(i, first);
        if (_historyBlocks > 1)
            _memory.SecondHistory.Set(i, second);
        _memory.Weights.Set(i, weight);
        _memory.Gradient.Set(i, _clears != 0 ? 0 : delta);
    }
}
