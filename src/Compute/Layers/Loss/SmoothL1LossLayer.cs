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
/// The absolute distance, rounded off near 0 (Girshick: Fast R-CNN, 2015): with d = w (a - b), loss = sum of f(d) / N,
/// f(d) = d^2 / 2 where |d| &lt; 1, else |d| - 1/2; N the first dimension. da = w f'(d) * loss weight / N with
/// f'(d) = d clipped to [-1, 1]; db = -da. A layer of NVIDIA's fork, whose CPU code forgets the w before f'.
/// Bottoms: a and b, of equal first dimension and equal count after it; if given, w, of the count of a (1 without it),
/// which gets no gradient. Top: the loss, a scalar. No parameters.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("SmoothL1Loss")]
public sealed unsafe class SmoothL1LossLayer(LayerParameter parameter) : LossLayer(parameter), IGpuLayer
{
    /// <inheritdoc/>
    public override int ExactBottoms => -1;

    /// <inheritdoc/>
    public override int MinBottoms => 2;

    /// <inheritdoc/>
    public override int MaxBottoms => 3;

    /// <inheritdoc/>
    public override bool AllowForceBackward(int bottom) => bottom < 2;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        base.Reshape(bottom, top);
        for (int i = 1; i < bottom.Length; i++)
        {
            if (bottom[i].Dim(0) != bottom[0].Dim(0) || bottom[i].CountFrom(1) != bottom[0].CountFrom(1))
            {
                throw Fail(ErrorCodes.ShapeMismatch,
                    $"its bottoms must have equally many items and values an item, not {bottom[0].ShapeString} and "
                    + $"{bottom[i].ShapeString}");
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>Five an element: subtract, weigh, square or drop the sign, halve, add.</remarks>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 5L * bottom[0].Count;

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        var term = new LossTerm(bottom[0].GpuData(gpu), bottom[1].GpuData(gpu), WeightsOf(gpu, bottom));
        RowSums.Run(gpu, 1, bottom[0].Count, term, top[0].OverwriteGpuData(gpu), 1f / Math.Max(1, bottom[0].Dim(0)));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        RefuseWeightGradient(propagateDown);
        var scale = new LossScale(top[0].GpuDiff(gpu), Math.Max(1, bottom[0].Dim(0)));
        for (int i = 0; i < 2; i++)
        {
            if (!propagateDown[i])
                continue;
            gpu.Run(bottom[0].Count, new GpuGradientBody(bottom[i].GpuData(gpu), bottom[1 - i].GpuData(gpu),
                WeightsOf(gpu, bottom), bottom[i].OverwriteGpuDiff(gpu), scale));
        }
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        double sum = BlockSum.Run(Context.Device, bottom[0].Count,
            new LossBody(bottom[0].CpuData, bottom[1].CpuData, Weights(bottom)));
        top[0].MutableData[0] = (float)(sum / Math.Max(1, bottom[0].Dim(0)));
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        RefuseWeightGradient(propagateDown);
        float scale = top[0].Diff[0] / Math.Max(1, bottom[0].Dim(0));
        for (int i = 0; i < 2; i++)
        {
            if (!propagateDown[i])
                continue;
            Elementwise.Run(Context.Device, bottom[0].Count, new GradientBody(
                bottom[i].CpuData, bottom[1 - i].CpuData, Weights(bottom), bottom[i].MutableCpuDiff, scale));
        }
    }

    private static float* Weights(Blob[] bottom) => bottom.Length > 2 ? bottom[2].CpuData : null;

    private static GpuWeights WeightsOf(GpuDevice gpu, Blob[] bottom) =>
        new(bottom.Length > 2 ? bottom[2].GpuData(gpu) : Values.None);

    private void RefuseWeightGradient(bool[] propagateDown)
    {
        if (propagateDown.Length > 2 && propagateDown[2])
            throw Fail(ErrorCodes.BadNet, "no gradient goes to the weights; remove propagate_down for bottom 2");
    }

    internal readonly struct LossTerm(Values a, Values b, GpuWeights weights) : IGpuTerm
    {
        public float At(int row, int k)
        {
            float d = weights[k] * (a[k] - b[k]), length = d < 0 ? -d : d;
            return length < 1 ? 0.5f * d * d : length - 0.5f;
        }
    }

    internal readonly struct GpuGradientBody(Values a, Values b, GpuWeights weights, Values da, LossScale scale)
        : IGpuBody
    {
        // Comparisons and no clamp: a NaN stays one.
        public void Invoke(int i)
        {
            float weight = weights[i], d = weight * (a[i] - b[i]);
            d = d > 1 ? 1 : d < -1 ? -1 : d;
            da.Set(i, scale.Value * weight * d);
        }
    }

    private readonly struct LossBody(float* a, float* b, float* w) : ISumBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public double Invoke(int from, int to)
        {
            Vector512<double> lower = default, upper = default;
            for (int i = from; i < to; i += Lanes.Count)
            {
                Vector512<float> d = Lanes.Load(a + i, to - i) - Lanes.Load(b + i, to - i);
                if (w is not null)
                    d *= Lanes.Load(w + i, to - i);
                (Vector512<double> d0, Vector512<double> d1) = Vector512.Widen(d);
                lower += Of(d0);
                upper += Of(d1);
            }

            return Vector512.Sum(lower + upper);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<double> Of(Vector512<double> d)
        {
            Vector512<double> length = Vector512.Abs(d), half = Vector512.Create(0.5);
            return Vector512.ConditionalSelect(
                Vector512.LessThan(length, Vector512<double>.One), half * d * d, length - half);
        }
    }

    private readonly struct GradientBody(float* a, float* b, float* w, float* da, float scale) : IRangeBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            Vector512<float> one = Vector512<float>.One, scales = Vector512.Create(scale);
            for (int i = from; i < to; i += Lanes.Count)
            {
                Vector512<float> weight = w is null ? one : Lanes.Load(w + i, to - i);
                Vector512<float> d = weight * (Lanes.Load(a + i, to - i) - Lanes.Load(b + i, to - i));
                // Comparisons and no clamp: a NaN stays one.
                d = Vector512.ConditionalSelect(Vector512.GreaterThan(d, one), one, d);
                d = Vector512.ConditionalSelect(Vector512.LessThan(d, -one), -one, d);
                Lanes.Store(scales * weight * d, da + i, to - i);
            }
        }
    }
}
