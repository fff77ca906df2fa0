using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
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
public sealed unsafe class BNLLLayer(LayerParameter parameter) : InputNeuronLayer(parameter)
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
