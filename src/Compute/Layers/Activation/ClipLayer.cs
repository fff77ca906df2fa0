using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Activation;

/// <summary>
/// Limits values to an interval: y = max(min, min(x, max)); dx = dy where min &lt;= x &lt;= max, else 0.
/// One bottom and one top of any shape; in place works (a copy of x is kept).
/// <c>clip_param</c>: <c>min</c> and <c>max</c>, both required; where min is above max, y is min everywhere.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Clip")]
public sealed unsafe class ClipLayer(LayerParameter parameter) : InputNeuronLayer(parameter), IGpuLayer
{
    private readonly float _min = parameter.ClipParam?.Min ?? 0;
    private readonly float _max = parameter.ClipParam?.Max ?? 0;

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        if (Parameter.ClipParam is not { HasMin: true, HasMax: true })
            throw Fail(ErrorCodes.BadLayerParameter, "give both limits: clip_param { min: ... max: ... }");
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        KeepInput(bottom, top);
        VectorMap.Run(Context.Device, top[0].Count,
            bottom[0].CpuData, top[0].MutableCpuData, new Value(_min, _max));
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        VectorMap.Run(Context.Device, top[0].Count,
            InputOf(bottom, top).CpuData, top[0].CpuDiff, bottom[0].MutableCpuDiff, new Gradient(_min, _max));
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        KeepInput(bottom, top);
        GpuMap.Run(gpu, top[0].Count, bottom[0].GpuData(gpu), top[0].OverwriteGpuData(gpu), new GpuValue(_min, _max));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        GpuMap.Run(gpu, top[0].Count, InputOf(bottom, top).GpuData(gpu), top[0].GpuDiff(gpu),
            bottom[0].OverwriteGpuDiff(gpu), new GpuGradient(_min, _max));
    }

    internal readonly struct GpuValue(float min, float max) : IGpuFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float x)
        {
            x = x > max ? max : x;
            return x < min ? min : x;
        }
    }

    internal readonly struct GpuGradient(float min, float max) : IGpuFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float x, float dy) => dy * (x >= min && x <= max ? 1f : 0f);
    }

    private readonly struct Value(float min, float max) : IVectorFunction
    {
        // These let a NaN through: clipping is not to hide it.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x) =>
            Vector512.Max(Vector512.Create(min), Vector512.Min(x, Vector512.Create(max)));
    }

    private readonly struct Gradient(float min, float max) : IVectorFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x, Vector512<float> dy)
        {
            Vector512<float> inside = Vector512.GreaterThanOrEqual(x, Vector512.Create(min))
                & Vector512.LessThanOrEqual(x, Vector512.Create(max));
            return dy * (inside & Vector512<float>.One);
        }
    }
}
