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
/// Exponential function of a linear one: y = base^(shift + scale * x); dx = dy * y * scale * ln base.
/// One bottom and one top of any shape; in place works.
/// <c>exp_param</c>: <c>base</c>, above 0, or -1, the default, for e; <c>scale</c>, default 1; <c>shift</c>,
/// default 0.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Exp")]
public sealed unsafe class ExpLayer(LayerParameter parameter) : NeuronLayer(parameter), IGpuLayer
{
    private readonly ExpParameter _exp = parameter.ExpParam ?? new ExpParameter();

    // y = e^(inner * x) * outer.
    private float _inner;
    private float _outer;

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        if (_exp.Base != -1 && !(_exp.Base > 0 && float.IsFinite(_exp.Base)))
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"base is {_exp.Base}; it must be a number above 0, or -1 for e");
        }

        _inner = (_exp.Base == -1 ? 1 : MathF.Log(_exp.Base)) * _exp.Scale;
        _outer = _exp.Base == -1 ? MathF.Exp(_exp.Shift) : MathF.Pow(_exp.Base, _exp.Shift);
    }

    /// <inheritdoc/>
    protected override bool NeedsOutput => true;

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        VectorMap.Run(Context.Device, top[0].Count,
            bottom[0].CpuData, top[0].MutableCpuData, new Value(_inner, _outer));
        KeepOutput(top);
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        VectorMap.Run(Context.Device, top[0].Count,
            OutputOf(top).CpuData, top[0].CpuDiff, bottom[0].MutableCpuDiff, new Gradient(_inner));
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        GpuMap.Run(gpu, top[0].Count, bottom[0].GpuData(gpu), top[0].OverwriteGpuData(gpu),
            new GpuValue(_inner, _outer));
        KeepOutput(top);
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        GpuMap.Run(gpu, top[0].Count, OutputOf(top).GpuData(gpu), top[0].GpuDiff(gpu), bottom[0].OverwriteGpuDiff(gpu),
            new GpuGradient(_inner));
    }

    internal readonly struct GpuValue(float inner, float outer) : IGpuFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float x) => outer * GpuMath.Exp(inner * x);
    }

    internal readonly struct GpuGradient(float inner) : IGpuFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float y, float dy) => inner * (y * dy);
    }

    private readonly struct Value(float inner, float outer) : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x) => outer * VectorMath.Exp(inner * x);
    }

    private readonly struct Gradient(float inner) : IVectorFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> y, Vector512<float> dy) => inner * (y * dy);
    }
}
