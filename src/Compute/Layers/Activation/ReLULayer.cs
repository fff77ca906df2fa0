using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers.Fusion;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Activation;

/// <summary>
/// Rectified linear unit: y = max(x, 0) + a * min(x, 0); dx = dy where x > 0, else a * dy.
/// One bottom and one top of any shape; in place works (with a negative a copy of x is kept).
/// <c>relu_param</c>: <c>negative_slope</c> a, default 0.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("ReLU")]
public sealed unsafe class ReLULayer(LayerParameter parameter)
    : InputNeuronLayer(parameter), IGpuLayer, IFusibleRectifier, ICanDie
{
    private readonly float _slope = parameter.ReluParam?.NegativeSlope ?? 0;

    /// <inheritdoc/>
    float? IFusibleRectifier.FusibleSlope => NeedsInput || KeepsOutput ? null : _slope;

    /// <inheritdoc/>
    bool ICanDie.CanDie => _slope == 0;

    /// <inheritdoc/>
    /// <remarks>Else y is above 0 where x is, and serves as well.</remarks>
    protected override bool NeedsInput => _slope < 0;

    /// <inheritdoc/>
    protected override bool NeedsOutput => IsInPlace && !NeedsInput;

    /// <inheritdoc/>
    /// <remarks>Dropout leaves signs alone, or makes 0 of a value whose gradient it makes 0 too.</remarks>
    public override void TopIsOverwritten(Layer by)
    {
        if (by is not DropoutLayer)
            base.TopIsOverwritten(by);
    }

    /// <inheritdoc/>
    public override GradientReads ReadsBackward(Blob[] bottom, Blob[] top) =>
        !IsInPlace ? GradientReads.Bottoms : NeedsInput ? GradientReads.None : GradientReads.Tops;

    /// <inheritdoc/>
    public override bool CanRecompute => true;

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        KeepInput(bottom, top);
        VectorMap.Run(Context.Device, top[0].Count, bottom[0].CpuData, top[0].MutableCpuData, new Value(_slope));
        KeepOutput(top);
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        VectorMap.Run(Context.Device, top[0].Count,
            InputOf(bottom, top).CpuData, top[0].CpuDiff, bottom[0].MutableCpuDiff, new Gradient(_slope));
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        KeepInput(bottom, top);
        GpuMap.Run(
            gpu, top[0].Count, bottom[0].GpuData(gpu), top[0].OverwriteGpuData(gpu), new GpuValue(_slope));
        KeepOutput(top);
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        GpuMap.Run(gpu, top[0].Count, InputOf(bottom, top).GpuData(gpu), top[0].GpuDiff(gpu),
            bottom[0].OverwriteGpuDiff(gpu), new GpuGradient(_slope));
    }

    internal readonly struct GpuValue(float slope) : IGpuFunction
    {
        // A NaN stays one, and 0 * x makes one of -infinity, as on the CPU.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float x) => x > 0 ? x : slope * x;
    }

    internal readonly struct GpuGradient(float slope) : IGpuFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float x, float dy) => x > 0 ? dy : slope * dy;
    }

    private readonly struct Value(float slope) : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x) => Rectifier.Value(x, slope);
    }

    private readonly struct Gradient(float slope) : IVectorFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x, Vector512<float> dy) =>
            Rectifier.Gradient(x, dy, slope);
    }
}
