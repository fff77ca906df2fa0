using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Loss;

/// <summary>
/// Hinge loss, one class against all others: m = max(0, 1 - t * x) with t = 1 at the label and -1 elsewhere;
/// L1: loss = sum of m / N, dx = -t * loss weight / N where m is above 0; L2: loss = sum of m^2 / N,
/// dx = -2 * t * m * loss weight / N.
/// Bottoms: scores (N, ...), all values of an item being its classes; labels, one for each item. Top: the loss, a
/// scalar. <c>hinge_loss_param.norm</c>: L1 or L2, default L1.
/// A label that is no class fails with <see cref="ErrorCodes.LabelOutOfRange"/> and the item's index.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("HingeLoss")]
public sealed unsafe class HingeLossLayer(LayerParameter parameter) : LossLayer(parameter), IGpuLayer
{
    private readonly bool _isSquared =
        (parameter.HingeLossParam ?? new HingeLossParameter()).Norm == HingeLossParameter.Types.Norm.L2;

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
    /// <remarks>Three a score, four with squares.</remarks>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => (_isSquared ? 4L : 3L) * bottom[0].Count;

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        CountValidLabels(_rule, bottom[1], null);
        var term = new GpuLossTerm(
            bottom[0].GpuData(gpu), _rule.On(bottom[1].GpuData(gpu)), bottom[0].CountFrom(1), _isSquared ? 1 : 0);
        RowSums.Run(gpu, 1, bottom[0].Count, term, top[0].OverwriteGpuData(gpu), 1f / Math.Max(1, bottom[0].Dim(0)));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        RequireNoLabelGradient(propagateDown);
        if (!propagateDown[0])
            return;
        var scale = new LossScale(top[0].GpuDiff(gpu), Math.Max(1, bottom[0].Dim(0)));
        gpu.Run(bottom[0].Count, new GpuGradientBody(
            bottom[0].GpuData(gpu), _rule.On(bottom[1].GpuData(gpu)), bottom[0].OverwriteGpuDiff(gpu),
            bottom[0].CountFrom(1), scale, _isSquared ? 1 : 0));
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        CountValidLabels(_rule, bottom[1], null);
        double loss = BlockSum.Run(Context.Device, bottom[0].Count,
            new LossBody(bottom[0].CpuData, bottom[1].CpuData, bottom[0].CountFrom(1), _isSquared));
        top[0].MutableData[0] = (float)(loss / Math.Max(1, bottom[0].Dim(0)));
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        RequireNoLabelGradient(propagateDown);
        if (!propagateDown[0])
            return;
        float scale = top[0].Diff[0] / Math.Max(1, bottom[0].Dim(0));
        var body = new GradientBody(
            bottom[0].CpuData, bottom[1].CpuData, bottom[0].MutableCpuDiff, bottom[0].CountFrom(1),
            _isSquared ? 2 * scale : scale, _isSquared);
        Elementwise.Run(Context.Device, bottom[0].Count, body);
    }

    // -t of the classes from one on.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> SignFrom(int first, float label) => Vector512.ConditionalSelect(
        Vector512.Equals(Vector512<int>.Indices + Vector512.Create(first), Vector512.Create((int)label)).AsSingle(),
        Vector512.Create(-1f), Vector512<float>.One);

    // Where a margin is NaN so is the loss.
    internal readonly struct GpuLossTerm(Values x, GpuLabels labels, int classes, int isSquared) : IGpuTerm
    {
        public float At(int row, int k)
        {
            float margin = 1 + (labels[k / classes] == k % classes ? -x[k] : x[k]);
            margin = margin < 0 ? 0 : margin;
            return isSquared != 0 ? margin * margin : margin;
        }
    }

    internal readonly struct GpuGradientBody(
        Values x, GpuLabels labels, Values dx, int classes, LossScale scale, int isSquared) : IGpuBody
    {
        public void Invoke(int i)
        {
            float sign = labels[i / classes] == i % classes ? -scale.Value : scale.Value;
            float margin = 1 + (labels[i / classes] == i % classes ? -x[i] : x[i]);
            if (isSquared == 0)
                dx.Set(i, margin > 0 ? sign : 0);
            else
                dx.Set(i, 2 * sign * (margin < 0 ? 0 : margin));
        }
    }

    private readonly struct LossBody(float* x, float* labels, int classes, bool isSquared) : ISumBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public double Invoke(int from, int to)
        {
            Vector512<double> sums = default;
            while (from < to)
            {
                (int item, int first) = Math.DivRem(from, classes);
                int length = Math.Min(to - from, classes - first);
                for (int i = 0; i < length; i += 16)
                {
                    int lanes = Math.Min(16, length - i);
                    Vector512<float> margin = Vector512.Max(
                        Vector512<float>.Zero,
                        (SignFrom(first + i, labels[item]) * Lanes.Load(x + from + i, lanes)) + Vector512<float>.One);
                    margin &= Lanes.First(lanes);
                    (Vector512<double> low, Vector512<double> high) =
                        Vector512.Widen(isSquared ? margin * margin : margin);
                    sums += low + high;
                }

                from += length;
            }

            return Vector512.Sum(sums);
        }
    }

    private readonly struct GradientBody(
        float* x, float* labels, float* dx, int classes, float scale, bool isSquared) : IRangeBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            while (from < to)
            {
                (int item, int first) = Math.DivRem(from, classes);
                int length = Math.Min(to - from, classes - first);
                for (int i = 0; i < length; i += 16)
                {
                    int lanes = Math.Min(16, length - i);
                    Vector512<float> sign = SignFrom(first + i, labels[item]) * scale;
                    Vector512<float> margin =
                        (SignFrom(first + i, labels[item]) * Lanes.Load(x + from + i, lanes)) + Vector512<float>.One;
                    Vector512<float> gradient = isSquared
                        ? Vector512.Max(Vector512<float>.Zero, margin) * sign
                        : sign & Vector512.GreaterThan(margin, Vector512<float>.Zero);
                    Lanes.Store(gradient, dx + from + i, lanes);
                }

                from += length;
            }
        }
    }
}
