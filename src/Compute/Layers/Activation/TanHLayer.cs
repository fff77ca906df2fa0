using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Activation;

/// <summary>
/// Hyperbolic tangent: y = tanh x; dx = dy * (1 - y^2).
/// One bottom and one top of any shape; in place works.
/// <c>tanh_param</c> has nothing but <c>engine</c>, without effect.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("TanH")]
public sealed unsafe class TanHLayer(LayerParameter parameter) : NeuronLayer(parameter), IGpuLayer
{
    /// <inheritdoc/>
    protected override bool NeedsOutput => true;

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        VectorMap.Run(Context.Device, top[0].Count, bottom[0].CpuData, top[0].MutableCpuData, default(Value));
        KeepOutput(top);
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        VectorMap.Run(
            Context.Device, top[0].Count, OutputOf(top).CpuData, top[0].CpuDiff, bottom[0].MutableCpuDiff,
            default(Gradient));
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        GpuMap.Run(gpu, top[0].Count, bottom[0].GpuData(gpu), top[0].OverwriteGpuData(gpu), default(GpuValue));
        KeepOutput(top);
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        GpuMap.Run(gpu, top[0].Count, OutputOf(top).GpuData(gpu), top[0].GpuDiff(gpu), bottom[0].OverwriteGpuDiff(gpu),
            default(GpuGradient));
    }

    internal readonly struct GpuValue : IGpuFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float x) => GpuMath.Tanh(x);
    }

    internal readonly struct GpuGradient : IGpuFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float y, float dy) => dy * (1 - (y * y));
    }

    private readonly struct Value : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x) => VectorMath.Tanh(x);
    }

    private readonly struct Gradient : IVectorFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> y, Vector512<float> dy) =>
            dy * (Vector512<float>.One - (y * y));
    }
}
