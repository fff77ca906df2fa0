using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Activation;

/// <summary>
/// Absolute value: y = |x|; dx = dy * sign(x), with sign(0) = 0.
/// One bottom and one top of any shape; in place is refused, as by Caffe. No parameters.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("AbsVal")]
public sealed unsafe class AbsValLayer(LayerParameter parameter) : NeuronLayer(parameter), IGpuLayer
{
    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top) => RefuseInPlace(bottom, top);

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top) =>
        VectorMap.Run(Context.Device, top[0].Count, bottom[0].CpuData, top[0].MutableCpuData, default(Value));

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        VectorMap.Run(Context.Device, top[0].Count,
            bottom[0].CpuData, top[0].CpuDiff, bottom[0].MutableCpuDiff, default(Gradient));
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top) =>
        GpuMap.Run(gpu, top[0].Count, bottom[0].GpuData(gpu), top[0].OverwriteGpuData(gpu), default(GpuValue));

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        GpuMap.Run(gpu, top[0].Count, bottom[0].GpuData(gpu), top[0].GpuDiff(gpu), bottom[0].OverwriteGpuDiff(gpu),
            default(GpuGradient));
    }

    internal readonly struct GpuValue : IGpuFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float x) => GpuMath.Abs(x);
    }

    internal readonly struct GpuGradient : IGpuFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float x, float dy) => dy * GpuMath.Sign(x);
    }

    private readonly struct Value : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x) => Vector512.Abs(x);
    }

    private readonly struct Gradient : IVectorFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x, Vector512<float> dy) => dy * VectorMath.Sign(x);
    }
}
