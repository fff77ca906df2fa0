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
/// Repeats a blob along an axis, whole blocks one after the other; dx = sum of the copies' gradients.
/// One bottom of any shape; one top, equal but for the axis, which is <c>tiles</c> times as long. Not in place.
/// <c>tile_param</c>: <c>tiles</c>, at least 1, required; <c>axis</c>, default 1, negative ones count from the end.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Tile")]
public sealed unsafe class TileLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private readonly TileParameter _tile = parameter.TileParam ?? new TileParameter();
    private int _outer;
    private int _inner;

    /// <inheritdoc/>
    public override int ExactBottoms => 1;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 0;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        int axis = bottom[0].CanonicalAxis(_tile.Axis);
        _outer = bottom[0].CountRange(0, axis);
        _inner = bottom[0].CountFrom(axis);
        Span<int> shape = stackalloc int[Blob.MaxAxes];
        bottom[0].Shape.CopyTo(shape);
        shape[axis] = (int)Math.Min((long)shape[axis] * _tile.Tiles, int.MaxValue);
        top[0].Reshape(shape[..bottom[0].AxisCount]);
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top) => gpu.Run(
        top[0].Count,
        new GpuForwardBody(bottom[0].GpuData(gpu), top[0].OverwriteGpuData(gpu), _tile.Tiles, _inner));

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        RowSums.Run(gpu, bottom[0].Count, _tile.Tiles, new CopyTerm(top[0].GpuDiff(gpu), _tile.Tiles, _inner),
            bottom[0].OverwriteGpuDiff(gpu));
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        if (_tile.Tiles <= 0)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"tiles is {(_tile.HasTiles ? _tile.Tiles : "not given")}; it must be at least 1");
        }

        RefuseInPlace(bottom, top);
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top) =>
        Rowwise.Run(Context.Device, _outer * _tile.Tiles, _inner,
            new ForwardBody(bottom[0].CpuData, top[0].MutableCpuData, _tile.Tiles, _inner));

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        Elementwise.Run(Context.Device, bottom[0].Count,
            new BackwardBody(top[0].CpuDiff, bottom[0].MutableCpuDiff, _tile.Tiles, _inner));
    }

    internal readonly struct GpuForwardBody(Values x, Values y, int tiles, int inner) : IGpuBody
    {
        public void Invoke(int i) => y.Set(i, x[(i / inner / tiles * inner) + (i % inner)]);
    }

    internal readonly struct CopyTerm(Values dy, int tiles, int inner) : IGpuTerm
    {
        public float At(int row, int k) => dy[(((row / inner * tiles) + k) * inner) + (row % inner)];
    }

    // A row is one copy of one block.
    private readonly struct ForwardBody(float* x, float* y, int tiles, int inner) : IRowBody
    {
        public void Invoke(int from, int to, int worker)
        {
            if (inner == 1)
            {
                for (int row = from, count; row < to; row += count)
                {
                    count = Math.Min(tiles - (row % tiles), to - row);
                    new Span<float>(y + row, count).Fill(x[row / tiles]);
                }

                return;
            }

            for (int row = from; row < to; row++)
            {
                new ReadOnlySpan<float>(x + ((long)(row / tiles) * inner), inner)
                    .CopyTo(new Span<float>(y + ((long)row * inner), inner));
            }
        }
    }

    private readonly struct BackwardBody(float* dy, float* dx, int tiles, int inner) : IRangeBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            for (int i = from; i < to;)
            {
                int block = i / inner, place = i % inner;
                int lanes = Math.Min(Lanes.Count, Math.Min(inner - place, to - i));
                float* source = dy + ((long)block * tiles * inner) + place;
                Vector512<float> sum = Lanes.Load(source, lanes);
                for (int tile = 1; tile < tiles; tile++)
                    sum += Lanes.Load(source + ((long)tile * inner), lanes);
                Lanes.Store(sum, dx + i, lanes);
                i += lanes;
            }
        }
    }
}
