using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Activation;

/// <summary>
/// Swish: y = x * s, s = 1 / (1 + e^(-beta * x)); dx = dy * (beta * y + s * (1 - beta * y)).
/// One bottom and one top of any shape; in place works (a copy of x is kept).
/// <c>swish_param</c>: <c>beta</c>, any value, default 1.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Swish")]
public sealed unsafe class SwishLayer(LayerParameter parameter) : InputNeuronLayer(parameter), IGpuLayer
{
    private readonly float _beta = parameter.SwishParam?.Beta ?? 1;

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        KeepInput(bottom, top);
        VectorMap.Run(Context.Device, top[0].Count, bottom[0].CpuData, top[0].MutableCpuData, new Value(_beta));
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        VectorMap.Run(Context.Device, top[0].Count,
            InputOf(bottom, top).CpuData, top[0].CpuDiff, bottom[0].MutableCpuDiff, new Gradient(_beta));
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        KeepInput(bottom, top);
        GpuMap.Run(gpu, top[0].Count, bottom[0].GpuData(gpu), top[0].OverwriteGpuData(gpu), new GpuValue(_beta));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        GpuMap.Run(gpu, top[0].Count, InputOf(bottom, top).GpuData(gpu), top[0].GpuDiff(gpu),
            bottom[0].OverwriteGpuDiff(gpu), new GpuGradient(_beta));
    }

    internal readonly struct GpuValue(float beta) : IGpuFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float x) => x * GpuMath.Sigmoid(beta * x);
    }

    internal readonly struct GpuGradient(float beta) : IGpuFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float x, float dy)
        {
            float b = beta * x, s = GpuMath.Sigmoid(b), y = b * s;
            return dy * (y + (s * (1 - y)));
        }
    }

    private readonly struct Value(float beta) : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x) => x * VectorMath.Sigmoid(beta * x);
    }

    private readonly struct Gradient(float beta) : IVectorFunction2
    {
        // With b = beta * x: beta * y = b * s.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x, Vector512<float> dy)
        {
            Vector512<float> b = beta * x, s = VectorMath.Sigmoid(b), y = b * s;
            return dy * (y + (s * (Vector512<float>.One - y)));
        }
    }
}
