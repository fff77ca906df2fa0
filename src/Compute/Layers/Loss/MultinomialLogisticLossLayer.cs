using System.Runtime.CompilerServices;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Loss;

/// <summary>
/// Multinomial logistic loss of probabilities that are given: loss = -(1 / N) * sum over the items of
/// ln max(p[label], 1e-20); dp = -loss weight / (N * max(p, 1e-20)) at the label, 0 elsewhere.
/// Bottoms: probabilities (N, ...), all values of an item being its classes; labels, one for each item.
/// Top: the loss, a scalar. No parameters: <c>loss_param</c> has no effect.
/// A label that is no class fails with <see cref="ErrorCodes.LabelOutOfRange"/> and the item's index.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("MultinomialLogisticLoss")]
public sealed unsafe class MultinomialLogisticLossLayer(LayerParameter parameter) : LossLayer(parameter), IGpuLayer
{
    private const float LeastProbability = 1e-20f;

    private LabelRule _rule;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        base.Reshape(bottom, top);
        if (LabelRule.ItemMisfit(bottom[0], bottom[1]) is { } misfit)
            throw Fail(ErrorCodes.ShapeMismatch, misfit);
        _rule = new LabelRule(bottom[0].CountFrom(1), null);
    }

    /// <inheritdoc/>
    /// <remarks>A logarithm and an addition an item.</remarks>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 2L * bottom[1].Count;

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        CountValidLabels(_rule, bottom[1], null);
        int items = bottom[1].Count;
        var term = new GpuLossTerm(
            bottom[0].GpuData(gpu), _rule.On(bottom[1].GpuData(gpu)), bottom[0].CountFrom(1));
        RowSums.Run(gpu, 1, items, term, top[0].OverwriteGpuData(gpu), -1f / Math.Max(1, items));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        RequireNoLabelGradient(propagateDown);
        if (!propagateDown[0])
            return;
        var scale = new LossScale(top[0].GpuDiff(gpu), -Math.Max(1, bottom[1].Count));
        gpu.Run(bottom[0].Count, new GpuGradientBody(
            bottom[0].GpuData(gpu), _rule.On(bottom[1].GpuData(gpu)), bottom[0].OverwriteGpuDiff(gpu),
            bottom[0].CountFrom(1), scale));
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        CountValidLabels(_rule, bottom[1], null);
        int items = bottom[1].Count;
        double loss = BlockSum.Run(
            Context.Device, items, new LossBody(bottom[0].CpuData, bottom[1].CpuData, bottom[0].CountFrom(1)));
        top[0].MutableData[0] = (float)(loss / Math.Max(1, items));
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        RequireNoLabelGradient(propagateDown);
        if (!propagateDown[0])
            return;
        int items = bottom[1].Count, classes = bottom[0].CountFrom(1);
        float scale = -top[0].Diff[0] / Math.Max(1, items);
        ReadOnlySpan<float> p = bottom[0].Data, labels = bottom[1].Data;
        Span<float> dp = bottom[0].MutableDiff;
        dp.Clear();
        for (int i = 0; i < items; i++)
        {
            int at = (i * classes) + (int)labels[i];
            dp[at] = scale / Math.Max(p[at], LeastProbability);
        }
    }

    // A NaN stays one.
    internal readonly struct GpuLossTerm(Values p, GpuLabels labels, int classes) : IGpuTerm
    {
        public float At(int row, int k)
        {
            float value = p[(k * classes) + labels[k]];
            return GpuMath.Log(value < LeastProbability ? LeastProbability : value);
        }
    }

    internal readonly struct GpuGradientBody(Values p, GpuLabels labels, Values dp, int classes, LossScale scale)
        : IGpuBody
    {
        public void Invoke(int i)
        {
            float value = p[i];
            value = value < LeastProbability ? LeastProbability : value;
            dp.Set(i, labels[i / classes] == i % classes ? scale.Value / value : 0);
        }
    }

    private readonly struct LossBody(float* p, float* labels, int classes) : ISumBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public double Invoke(int from, int to)
        {
            double loss = 0;
            for (int i = from; i < to; i++)
                loss -= Math.Log(Math.Max(p[((long)i * classes) + (int)labels[i]], LeastProbability));
            return loss;
        }
    }
}
