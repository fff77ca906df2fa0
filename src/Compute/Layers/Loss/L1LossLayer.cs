using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Loss;

/// <summary>
/// The mean absolute distance: loss = sum of |a - b| / N, N the first dimension; da = sign(a - b) * loss weight / N,
/// 0 where a = b, db = -da. A layer of NVIDIA's fork. Bottoms: a and b, of equal first dimension and equal count after
/// it; both may get a gradient. Top: the loss, a scalar. No parameters.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("L1Loss")]
public sealed unsafe class L1LossLayer(LayerParameter parameter) : LossLayer(parameter), IGpuLayer
{
    /// <inheritdoc/>
    public override bool AllowForceBackward(int bottom) => true;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        base.Reshape(bottom, top);
        RequireEqualItems(bottom);
    }

    /// <inheritdoc/>
    /// <remarks>Three an element: subtract, drop the sign, add.</remarks>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 3L * bottom[0].Count;

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        var term = new PairTerm<GpuDistance>(bottom[0].GpuData(gpu), bottom[1].GpuData(gpu), default);
        RowSums.Run(gpu, 1, bottom[0].Count, term, top[0].OverwriteGpuData(gpu), 1f / Math.Max(1, bottom[0].Dim(0)));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        var scale = new LossScale(top[0].GpuDiff(gpu), Math.Max(1, bottom[0].Dim(0)));
        for (int i = 0; i < 2; i++)
        {
            if (!propagateDown[i])
                continue;
            GpuMap.Run(gpu, bottom[0].Count, bottom[i].GpuData(gpu), bottom[1 - i].GpuData(gpu),
                bottom[i].OverwriteGpuDiff(gpu), new GpuSign(scale));
        }
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        double sum = BlockSum.Run(
            Context.Device, bottom[0].Count, new DistanceBody(bottom[0].CpuData, bottom[1].CpuData));
        top[0].MutableData[0] = (float)(sum / Math.Max(1, bottom[0].Dim(0)));
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        float scale = top[0].Diff[0] / Math.Max(1, bottom[0].Dim(0));
        for (int i = 0; i < 2; i++)
        {
            if (!propagateDown[i])
                continue;
            VectorMap.Run(Context.Device, bottom[0].Count,
                bottom[i].CpuData, bottom[1 - i].CpuData, bottom[i].MutableCpuDiff, new SignOfDifference(scale));
        }
    }

    internal readonly struct GpuDistance : IGpuFunction2
    {
        public float Invoke(float a, float b) => a < b ? b - a : a - b;
    }

    internal readonly struct GpuSign(LossScale scale) : IGpuFunction2
    {
        public float Invoke(float a, float b) => a > b ? scale.Value : a < b ? -scale.Value : 0;
    }

    private readonly struct SignOfDifference(float scale) : IVectorFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> a, Vector512<float> b)
        {
            Vector512<float> scales = Vector512.Create(scale);
            return (Vector512.GreaterThan(a, b) & scales) - (Vector512.LessThan(a, b) & scales);
        }
    }

    private readonly struct DistanceBody(float* a, float* b) : ISumBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public double Invoke(int from, int to)
        {
            Vector512<double> lower = default, upper = default;
            for (int i = from; i < to; i += Lanes.Count)
            {
                (Vector512<double> x0, Vector512<double> x1) =
                    Vector512.Widen(Lanes.Load(a + i, to - i) - Lanes.Load(b + i, to - i));
                lower += Vector512.Abs(x0);
                upper += Vector512.Abs(x1);
            }

            return Vector512.Sum(lower + upper);
        }
    }
}
