using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Activation;

/// <summary>
/// Logarithm of a linear function: y = ln(shift + scale * x) / ln base;
/// dx = dy * scale / ln base / (shift + scale * x).
/// One bottom and one top of any shape; in place works (a copy of x is kept).
/// <c>log_param</c>: <c>base</c>, above 0 and not 1, or -1, the default, for e; <c>scale</c>, default 1; <c>shift</c>,
/// default 0. An argument of 0 gives minus infinity, one below 0 NaN.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Log")]
public sealed unsafe class LogLayer(LayerParameter parameter) : InputNeuronLayer(parameter), IGpuLayer
{
    private readonly LogParameter _log = parameter.LogParam ?? new LogParameter();

    // 1 / ln base.
    private float _factor;

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        if (_log.Base != -1 && !(_log.Base > 0 && float.IsFinite(_log.Base) && _log.Base != 1))
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"base is {_log.Base}; it must be a number above 0 and not 1, or -1 for e");
        }

        _factor = _log.Base == -1 ? 1 : 1 / MathF.Log(_log.Base);
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        KeepInput(bottom, top);
        VectorMap.Run(Context.Device, top[0].Count,
            bottom[0].CpuData, top[0].MutableCpuData, new Value(_log.Scale, _log.Shift, _factor));
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        VectorMap.Run(Context.Device, top[0].Count, InputOf(bottom, top).CpuData, top[0].CpuDiff,
            bottom[0].MutableCpuDiff,
            new Gradient(_log.Scale, _log.Shift, _log.Scale * _factor));
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        KeepInput(bottom, top);
        GpuMap.Run(gpu, top[0].Count, bottom[0].GpuData(gpu), top[0].OverwriteGpuData(gpu),
            new GpuValue(_log.Scale, _log.Shift, _factor));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        GpuMap.Run(gpu, top[0].Count, InputOf(bottom, top).GpuData(gpu), top[0].GpuDiff(gpu),
            bottom[0].OverwriteGpuDiff(gpu), new GpuGradient(_log.Scale, _log.Shift, _log.Scale * _factor));
    }

    internal readonly struct GpuValue(float scale, float shift, float factor) : IGpuFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float x) => factor * GpuMath.Log((scale * x) + shift);
    }

    internal readonly struct GpuGradient(float scale, float shift, float slope) : IGpuFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float x, float dy) => dy * (slope / ((scale * x) + shift));
    }

    private readonly struct Value(float scale, float shift, float factor) : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x) =>
            factor * VectorMath.Log((scale * x) + Vector512.Create(shift));
    }

    private readonly struct Gradient(float scale, float shift, float slope) : IVectorFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x, Vector512<float> dy) =>
            dy * (Vector512.Create(slope) / ((scale * x) + Vector512.Create(shift)));
    }
}
