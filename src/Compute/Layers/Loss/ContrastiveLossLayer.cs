using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using ILGPU.Algorithms;

namespace CaffeActors.Compute.Layers.Loss;

/// <summary>
/// Contrastive loss of pairs (Hadsell, Chopra, LeCun, 2006): with the distance d = |a - b| an item costs d^2 if its
/// pair is similar, else max(margin - d, 0)^2; loss = sum / (2 N). Legacy form of the second: max(margin - d^2, 0).
/// Gradient of a, s = loss weight / N: similar s (a - b); else -s (margin - d) / (d + 1e-4) * (a - b) where margin > d;
/// legacy -s (a - b) where margin > d^2. That of b is its negative.
/// Bottoms: features a and b (N, ...), of equal count an item; one number for each item, similar if it is not 0 (its
/// fraction cut off). a and b may both get a gradient. Top: the loss, a scalar.
/// <c>contrastive_loss_param</c>: <c>margin</c>, default 1; <c>legacy_version</c>, default false.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("ContrastiveLoss")]
public sealed unsafe class ContrastiveLossLayer(LayerParameter parameter) : LossLayer(parameter), IGpuLayer
{
    // Keeps the gradient finite where a equals b.
    private const float LeastDistance = 1e-4f;

    private readonly ContrastiveLossParameter _contrastive =
        parameter.ContrastiveLossParam ?? new ContrastiveLossParameter();

    // d^2 of each item.
    private readonly Blob _squares = new();

    /// <inheritdoc/>
    public override int ExactBottoms => 3;

    /// <inheritdoc/>
    public override bool AllowForceBackward(int bottom) => bottom != 2;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        int items = bottom[0].Dim(0);
        if (bottom[1].Dim(0) != items || bottom[0].CountFrom(1) != bottom[1].CountFrom(1))
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                "its first two bottoms must have equally many items and values an item, not "
                + $"{bottom[0].ShapeString} and {bottom[1].ShapeString}");
        }

        if (bottom[2].Count != items)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"its third bottom says of each of the {items} pairs whether it is similar, but has the shape "
                + bottom[2].ShapeString);
        }

        _squares.Reshape(items);
        top[0].Reshape([]);
    }

    /// <inheritdoc/>
    /// <remarks>Three a feature: subtract, multiply, add.</remarks>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 3L * bottom[0].Count;

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        int items = bottom[0].Dim(0), length = bottom[0].CountFrom(1);
        Values squares = _squares.OverwriteGpuData(gpu);
        RowSums.Run(
            gpu, items, length, new GpuSquareTerm(bottom[0].GpuData(gpu), bottom[1].GpuData(gpu), length), squares);
        RowSums.Run(gpu, 1, items, new GpuCostTerm(GpuPairs(gpu, bottom)), top[0].OverwriteGpuData(gpu),
            0.5f / Math.Max(1, items));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        RequireNoLabelGradient(propagateDown, first: 2);
        var scale = new LossScale(top[0].GpuDiff(gpu), Math.Max(1, bottom[0].Dim(0)));
        for (int i = 0; i < 2; i++)
        {
            if (!propagateDown[i])
                continue;
            gpu.Run(bottom[i].Count, new GpuGradientBody(
                bottom[i].GpuData(gpu), bottom[1 - i].GpuData(gpu), GpuPairs(gpu, bottom),
                bottom[i].OverwriteGpuDiff(gpu), bottom[0].CountFrom(1), scale));
        }
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        int items = bottom[0].Dim(0), length = bottom[0].CountFrom(1);
        float* squares = _squares.MutableCpuData, similar = bottom[2].CpuData;
        Rowwise.Run(
            Context.Device, items, length, new DistanceBody(bottom[0].CpuData, bottom[1].CpuData, squares, length));
        double loss = 0;
        for (int i = 0; i < items; i++)
            loss += (int)similar[i] != 0 ? squares[i] : Penalty(squares[i]);
        top[0].MutableData[0] = (float)(loss / 2 / Math.Max(1, items));
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        RequireNoLabelGradient(propagateDown, first: 2);
        int items = bottom[0].Dim(0), length = bottom[0].CountFrom(1);
        float scale = top[0].Diff[0] / Math.Max(1, items);
        for (int i = 0; i < 2; i++)
        {
            if (!propagateDown[i])
                continue;
            var body = new GradientBody(
                bottom[i].CpuData, bottom[1 - i].CpuData, bottom[2].CpuData, _squares.CpuData,
                bottom[i].MutableCpuDiff, length, scale, _contrastive.Margin, _contrastive.LegacyVersion);
            Rowwise.Run(Context.Device, items, length, body);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _squares.Dispose();
    }

    private Pairs GpuPairs(GpuDevice gpu, Blob[] bottom) => new(
        _squares.GpuData(gpu), bottom[2].GpuData(gpu), _contrastive.Margin, _contrastive.LegacyVersion ? 1 : 0);

    private double Penalty(float square)
    {
        if (_contrastive.LegacyVersion)
            return Math.Max(_contrastive.Margin - square, 0);
        double lack = Math.Max(_contrastive.Margin - Math.Sqrt(square), 0);
        return lack * lack;
    }

    internal readonly struct GpuSquareTerm(Values a, Values b, int length) : IGpuTerm
    {
        public float At(int row, int k)
        {
            float difference = a[(row * length) + k] - b[(row * length) + k];
            return difference * difference;
        }
    }

    // What the items cost, and the factors of a - b in their gradients; a distance that is NaN costs NaN.
    internal readonly struct Pairs(Values squares, Values similar, float margin, int isLegacy)
    {
        public float Cost(int item)
        {
            float square = squares[item];
            if ((int)similar[item] != 0)
                return square;
            float lack = margin - (isLegacy != 0 ? square : XMath.Sqrt(square));
            lack = lack < 0 ? 0 : lack;
            return isLegacy != 0 ? lack : lack * lack;
        }

        public float Factor(int item)
        {
            float square = squares[item];
            if ((int)similar[item] != 0)
                return 1;
            if (isLegacy != 0)
                return margin - square > 0 ? -1 : 0;
            float distance = XMath.Sqrt(square), lack = margin - distance;
            return lack > 0 ? -lack / (distance + LeastDistance) : 0;
        }
    }

    internal readonly struct GpuCostTerm(Pairs pairs) : IGpuTerm
    {
        public float At(int row, int k) => pairs.Cost(k);
    }

    internal readonly struct GpuGradientBody(
        Values a, Values b, Pairs pairs, Values da, int length, LossScale scale) : IGpuBody
    {
        public void Invoke(int i) => da.Set(i, (a[i] - b[i]) * (scale.Value * pairs.Factor(i / length)));
    }

    private readonly struct DistanceBody(float* a, float* b, float* squares, int length) : IRowBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to, int worker)
        {
            for (int row = from; row < to; row++)
            {
                float* x = a + ((long)row * length), y = b + ((long)row * length);
                Vector512<double> sums = default;
                for (int i = 0; i < length; i += 16)
                {
                    int lanes = Math.Min(16, length - i);
                    (Vector512<double> low, Vector512<double> high) =
                        Vector512.Widen(Lanes.Load(x + i, lanes) - Lanes.Load(y + i, lanes));
                    sums += (low * low) + (high * high);
                }

                squares[row] = (float)Vector512.Sum(sums);
            }
        }
    }

    // a is the side whose gradient is computed.
    private readonly struct GradientBody(
        float* a, float* b, float* similar, float* squares, float* da, int length, float scale, float margin,
        bool isLegacy) : IRowBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to, int worker)
        {
            for (int row = from; row < to; row++)
            {
                long offset = (long)row * length;
                Vector512<float> factor = Vector512.Create(FactorOf(row));
                for (int i = 0; i < length; i += 16)
                {
                    int lanes = Math.Min(16, length - i);
                    Vector512<float> difference = Lanes.Load(a + offset + i, lanes) - Lanes.Load(b + offset + i, lanes);
                    Lanes.Store(difference * factor, da + offset + i, lanes);
                }
            }
        }

        private float FactorOf(int row)
        {
            if ((int)similar[row] != 0)
                return scale;
            if (isLegacy)
                return margin - squares[row] > 0 ? -scale : 0;
            float distance = MathF.Sqrt(squares[row]), lack = margin - distance;
            return lack > 0 ? -scale * lack / (distance + LeastDistance) : 0;
        }
    }
}
