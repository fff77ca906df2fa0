using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Activation;

/// <summary>
/// Step: y = 1 where x is above a threshold, else 0. It has no gradient.
/// One bottom and one top of any shape; in place works.
/// <c>threshold_param</c>: <c>threshold</c>, default 0.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Threshold")]
public sealed unsafe class ThresholdLayer(LayerParameter parameter) : NeuronLayer(parameter), IGpuLayer
{
    private readonly float _threshold = parameter.ThresholdParam?.Threshold ?? 0;

    /// <inheritdoc/>
    public override bool AllowForceBackward(int bottom) => false;

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top) =>
        VectorMap.Run(Context.Device, top[0].Count, bottom[0].CpuData, top[0].MutableCpuData, new Value(_threshold));

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (propagateDown[0])
        {
            throw Fail(ErrorCodes.BadNet,
                "a step has no gradient; write propagate_down: false, or take a layer that has one (Sigmoid)");
        }
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top) => GpuMap.Run(
        gpu, top[0].Count, bottom[0].GpuData(gpu), top[0].OverwriteGpuData(gpu), new GpuValue(_threshold));

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom) =>
        BackwardCpu(top, propagateDown, bottom);

    internal readonly struct GpuValue(float threshold) : IGpuFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float x) => x > threshold ? 1f : 0f;
    }

    private readonly struct Value(float threshold) : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x) =>
            Vector512.GreaterThan(x, Vector512.Create(threshold)) & Vector512<float>.One;
    }
}
