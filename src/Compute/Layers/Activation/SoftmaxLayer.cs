using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Activation;

/// <summary>
/// Softmax along an axis: y_c = e^(x_c - max x) / sum of e^(x_k - max x); dx_c = y_c * (dy_c - sum of dy_k * y_k).
/// One bottom and one top of any shape; in place works.
/// <c>softmax_param</c>: <c>axis</c>, default 1, negative ones count from the end.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Softmax")]
public sealed unsafe class SoftmaxLayer(LayerParameter parameter) : NeuronLayer(parameter), IGpuLayer
{
    private int _outer, _classes, _inner;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        base.Reshape(bottom, top);
        int axis = bottom[0].CanonicalAxis(Parameter.SoftmaxParam?.Axis ?? 1);
        _outer = bottom[0].CountRange(0, axis);
        _classes = bottom[0].Dim(axis);
        _inner = bottom[0].CountFrom(axis + 1);
    }

    /// <inheritdoc/>
    /// <remarks>Five an element: compare, subtract, exponential, add, scale.</remarks>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 5L * top[0].Count;

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        GpuSoftmax.Forward(gpu, _outer * _inner, new ClassAxis(_classes, _inner), bottom[0].GpuData(gpu),
            top[0].OverwriteGpuData(gpu));
        KeepOutput(top);
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        GpuSoftmax.Backward(gpu, _outer * _inner, new ClassAxis(_classes, _inner), OutputOf(top).GpuData(gpu),
            top[0].GpuDiff(gpu), bottom[0].OverwriteGpuDiff(gpu));
    }

    /// <inheritdoc/>
    protected override bool NeedsOutput => true;

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        SoftmaxKernel.Forward(
            Context.Device, bottom[0].CpuData, top[0].MutableCpuData, _outer, _classes, _inner);
        KeepOutput(top);
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        SoftmaxKernel.Backward(Context.Device,
            OutputOf(top).CpuData, top[0].CpuDiff, bottom[0].MutableCpuDiff, _outer, _classes, _inner);
    }
}
