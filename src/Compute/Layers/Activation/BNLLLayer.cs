using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Activation;

/// <summary>
/// Binomial normal log likelihood, also known as softplus: y = ln(1 + e^x), computed as max(x, 0) + ln(1 + e^-|x|);
/// dx = dy / (1 + e^-x).
/// One bottom and one top of any shape; in place works (a copy of x is kept). No parameters.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("BNLL")]
public sealed unsafe class BNLLLayer(LayerParameter parameter) : InputNeuronLayer(parameter), IGpuLayer
{
    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        KeepInput(bottom, top);
        VectorMap.Run(Context.Device, top[0].Count, bottom[0].CpuData, top[0].MutableCpuData, default(Value));
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        VectorMap.Run(Context.Device, top[0].Count,
            InputOf(bottom, top).CpuData, top[0].CpuDiff, bottom[0].MutableCpuDiff, default(Gradient));
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        KeepInput(bottom, top);
        GpuMap.Run(gpu, top[0].Count, bottom[0].GpuData(gpu), top[0].OverwriteGpuData(gpu), default(GpuValue));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        GpuMap.Run(gpu, top[0].Count, InputOf(bottom, top).GpuData(gpu), top[0].GpuDiff(gpu),
            bottom[0].OverwriteGpuDiff(gpu), default(GpuGradient));
    }

    internal readonly struct GpuValue : IGpuFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float x) => (x > 0 ? x : 0) + GpuMath.Log(1 + GpuMath.Exp(-GpuMath.Abs(x)));
    }

    internal readonly struct GpuGradient : IGpuFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float x, float dy) => dy * GpuMath.Sigmoid(x);
    }

    private readonly struct Value : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x) =>
            Vector512.Max(x, Vector512<float>.Zero)
            + VectorMath.Log(Vector512<float>.One + VectorMath.Exp(-Vector512.Abs(x)));
    }

    private readonly struct Gradient : IVectorFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x, Vector512<float> dy) => dy * VectorMath.Sigmoid(x);
    }
}
