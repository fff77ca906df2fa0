using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// A learned blob as the net's own data: y = w; dw += dy. No bottoms; one top, which shares the blob's data.
/// Blob: w, of the shape given, zero at first.
/// <c>parameter_param</c>: <c>shape</c>; without it a scalar.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Parameter")]
public sealed unsafe class ParameterLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    /// <inheritdoc/>
    public override int ExactBottoms => 0;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 0;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        // On each pass anew: a blob that shares another layer's has that one's memory only after the set-up.
        top[0].ReshapeLike(Blobs[0]);
        top[0].ShareData(Blobs[0]);
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (ParamPropagateDown[0])
            gpu.Run(Blobs[0].Count, new AddScaledBody(top[0].GpuDiff(gpu), Blobs[0].MutableGpuDiff(gpu), 1));
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        BlobShape shape = Parameter.ParameterParam?.Shape ?? new BlobShape();
        LearnableBlob(0, shape.Lengths(message => Fail(Diagnostics.ErrorCodes.BadLayerParameter, message)), null);
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!ParamPropagateDown[0])
            return;
        float* dw = Blobs[0].MutableCpuDiff;
        VectorMap.Run(Context.Device, Blobs[0].Count, dw, top[0].CpuDiff, dw, default(Sum));
    }

    private readonly struct Sum : IVectorFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> dw, Vector512<float> dy) => dw + dy;
    }
}
