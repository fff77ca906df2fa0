using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// Channels weighted one by one for each image, and added to: z = s x + y, s one number for each channel of each
/// image; ds = sum of dz x over the channel's places, dx = s dz, dy = dz. A layer of NVIDIA's fork, as squeeze-and-
/// excitation nets use it.
/// Bottoms: s (N, C), further axes being 1; x (N, C, ...); y of the shape of x. Top: z, of the shape of x. Not in
/// place. No parameters.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Axpy")]
public sealed unsafe class AxpyLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private int _planes;
    private int _inner;

    /// <inheritdoc/>
    public override int ExactBottoms => 3;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <inheritdoc/>
    /// <remarks>Two an element: multiply, add.</remarks>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 2L * top[0].Count;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        Blob s = bottom[0], x = bottom[1], y = bottom[2];
        if (x.AxisCount < 2 || !x.Shape.SequenceEqual(y.Shape))
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"its second and third bottom must have one shape of at least 2 axes, not {x.ShapeString} and "
                + $"{y.ShapeString}");
        }

        if (s.AxisCount < 2 || s.Dim(0) != x.Dim(0) || s.Dim(1) != x.Dim(1) || s.CountFrom(2) != 1)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"its first bottom must have one number for each of the {x.Dim(0)} x {x.Dim(1)} channels of the second "
                + $"({x.ShapeString}), but is {s.ShapeString}");
        }

        if (bottom.Contains(top[0]))
            throw Fail(ErrorCodes.BadConnection, "it cannot run in place: give its top a name of its own");
        _planes = x.Dim(0) * x.Dim(1);
        _inner = x.CountFrom(2);
        top[0].ReshapeLike(x);
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top) => Rowwise.Run(Context.Device, _planes, _inner,
        new Planes(bottom[0].CpuData, bottom[1].CpuData, bottom[2].CpuData, top[0].MutableCpuData, _inner));

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        float* dz = top[0].CpuDiff;
        if (propagateDown[0])
        {
            Rowwise.Run(Context.Device, _planes, _inner,
                new Products(dz, bottom[1].CpuData, bottom[0].MutableCpuDiff, _inner));
        }

        if (propagateDown[1])
        {
            Rowwise.Run(Context.Device, _planes, _inner,
                new Planes(bottom[0].CpuData, dz, null, bottom[1].MutableCpuDiff, _inner));
        }

        if (propagateDown[2])
            StridedCopy.Run(Context.Device, dz, bottom[2].MutableCpuDiff, top[0].Count);
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top) => gpu.Run(top[0].Count, new GpuSum(
        bottom[0].GpuData(gpu), bottom[1].GpuData(gpu), bottom[2].GpuData(gpu), top[0].OverwriteGpuData(gpu),
        new ChannelElement(_planes, _inner)));

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        Values dz = top[0].GpuDiff(gpu);
        var places = new ChannelElement(_planes, _inner);
        if (propagateDown[0])
        {
            RowSums.Run(gpu, _planes, _inner, new ChannelProductTerm(dz, bottom[1].GpuData(gpu), places),
                bottom[0].OverwriteGpuDiff(gpu));
        }

        if (propagateDown[1])
        {
            ChannelAffineKernel.Run(gpu, top[0].Count, places, dz, bottom[1].OverwriteGpuDiff(gpu),
                scale: bottom[0].GpuData(gpu));
        }

        if (propagateDown[2])
            gpu.Run(top[0].Count, new CopyBody(dz, bottom[2].OverwriteGpuDiff(gpu)));
    }

    internal readonly struct GpuSum(Values s, Values x, Values y, Values z, ChannelElement places) : IGpuBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Invoke(int i) => z.Set(i, (s[places.ChannelOf(i)] * x[i]) + y[i]);
    }

    // z = s x + y, or s x without y.
    private readonly struct Planes(float* s, float* x, float* y, float* z, int inner) : IRowBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to, int worker)
        {
            for (int plane = from; plane < to; plane++)
            {
                float factor = s[plane];
                Vector512<float> factors = Vector512.Create(factor);
                long i = (long)plane * inner, end = i + inner;
                for (; i + Lanes.Count <= end; i += Lanes.Count)
                {
                    Vector512<float> product = factors * Vector512.Load(x + i);
                    (y is null ? product : product + Vector512.Load(y + i)).Store(z + i);
                }

                for (; i < end; i++)
                    z[i] = y is null ? factor * x[i] : (factor * x[i]) + y[i];
            }
        }
    }

    private readonly struct Products(float* a, float* b, float* sums, int inner) : IRowBody
    {
        public void Invoke(int from, int to, int worker)
        {
            for (int plane = from; plane < to; plane++)
                sums[plane] = (float)PlaneSums.Product(a + ((long)plane * inner), b + ((long)plane * inner), inner);
        }
    }
}
