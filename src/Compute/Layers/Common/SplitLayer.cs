using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// Gives one blob to several layers: every top is the bottom (its data is shared, not copied); dx = the sum of the
/// tops' gradients in their order. One bottom, one top or more. Nets insert it where a blob is used more than once.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Split")]
public sealed unsafe class SplitLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    // The tops that get a gradient, where that is known; null: all of them.
    private int[]? _withGradient;

    // The top whose gradient is the bottom's, in the same memory; -1: none is.
    private int _handedOn = -1;

    /// <inheritdoc/>
    public override int ExactBottoms => 1;

    /// <inheritdoc/>
    public override int MinTops => 1;

    /// <inheritdoc/>
    public override GradientReads ReadsBackward(Blob[] bottom, Blob[] top) => GradientReads.None;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 0;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        // On each pass anew: a bottom that grew has other memory now.
        foreach (Blob blob in top)
        {
            blob.ReshapeLike(bottom[0]);
            blob.ShareData(bottom[0]);
        }

        if (_handedOn >= 0)
            top[_handedOn].ShareDiff(bottom[0]);
    }

    /// <summary>Tells the layer which tops get a gradient: only those are added up from now on.</summary>
    /// <param name="tops">Their numbers, rising; null: all, as before.</param>
    internal void AddOnly(int[]? tops) => _withGradient = tops;

    /// <summary>Lets the gradient of the only top that gets one be the bottom's, in the same memory, for good: from
    /// when the layer is next shaped.</summary>
    /// <param name="top">The top's number.</param>
    internal void HandOn(int top) => _handedOn = top;

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top) => RefuseInPlace(bottom, top);

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0] || IsHandedOn)
            return;
        int terms = _withGradient?.Length ?? top.Length;
        float** dy = stackalloc float*[terms];
        for (int i = 0; i < terms; i++)
            dy[i] = top[TopOf(i)].CpuDiff;
        Elementwise.Run(Context.Device, bottom[0].Count, new SumBody(dy, terms, bottom[0].MutableCpuDiff));
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0] || IsHandedOn)
            return;
        int count = bottom[0].Count, tops = _withGradient?.Length ?? top.Length;
        // One of them may lie in the memory that is overwritten, and have been written by the CPU.
        for (int i = 0; i < tops; i++)
            Diff(i);
        Values dx = bottom[0].OverwriteGpuDiff(gpu);
        gpu.Run(count, new GpuSumBody(dx, Diff(0), Diff(1), Diff(2), Diff(3), Math.Min(tops, 4)));
        for (int i = 4; i < tops; i += 3)
            gpu.Run(count, new GpuSumBody(dx, dx, Diff(i), Diff(i + 1), Diff(i + 2), Math.Min(tops - i, 3) + 1));

        Values Diff(int i) => i < tops ? top[TopOf(i)].GpuDiff(gpu) : Values.None;
    }

    private bool IsHandedOn => _handedOn >= 0 && _withGradient is not null;

    private int TopOf(int term) => _withGradient is null ? term : _withGradient[term];

    // The sum of the first so many of four, in their order.
    internal readonly struct GpuSumBody(Values sum, Values a, Values b, Values c, Values d, int terms) : IGpuBody
    {
        public void Invoke(int i)
        {
            float value = a[i];
            if (terms > 1)
                value += b[i];
            if (terms > 2)
                value += c[i];
            if (terms > 3)
                value += d[i];
            sum.Set(i, value);
        }
    }

    private readonly struct SumBody(float** dy, int tops, float* dx) : IRangeBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            for (int i = from; i < to; i += Lanes.Count)
            {
                Vector512<float> sum = Vector512.Load(dy[0] + i);
                for (int k = 1; k < tops; k++)
                    sum += Vector512.Load(dy[k] + i);
                Lanes.Store(sum, dx + i, to - i);
            }
        }
    }
}
