using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Activation;

/// <summary>
/// Dropout. In TRAIN each element is kept with probability 1 - ratio: y = x * m / (1 - ratio), m 1 for a kept element
/// and 0 for another; dx = dy * m / (1 - ratio) with the same m. In TEST y = x and dx = dy.
/// One bottom and one top of any shape; in place works. <c>dropout_param</c>: <c>dropout_ratio</c>, from 0 (nothing is
/// dropped) to below 1, default 0.5. Element i is kept where word i of the pass's draw from the stream "mask" is at
/// most (1 - ratio) * (2^32 - 1), so the number of threads does not matter.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Dropout")]
public sealed unsafe class DropoutLayer(LayerParameter parameter) : NeuronLayer(parameter), IGpuLayer
{
    private readonly float _ratio = parameter.DropoutParam?.DropoutRatio ?? 0.5f;
    private ushort[] _mask = [];
    private RandomDraw _draw;
    private RandomStream? _stream;

    /// <inheritdoc/>
    public override GradientReads ReadsBackward(Blob[] bottom, Blob[] top) => GradientReads.None;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        base.Reshape(bottom, top);
        int registers = (int)(((long)top[0].Count + 15) / 16);
        if (_stream is not null && Gpu is null && _mask.Length < registers)
            _mask = new ushort[registers];
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        if (!(_ratio >= 0 && _ratio < 1))
            throw Fail(ErrorCodes.BadLayerParameter, $"dropout_ratio is {_ratio}; it must be from 0 to below 1");

        if (Phase == Phase.Train)
            _stream = CreateStream("mask");
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        float* x = bottom[0].CpuData, y = top[0].MutableCpuData;
        if (_stream is null)
        {
            if (x != y)
                VectorMap.Run(Context.Device, top[0].Count, x, y, default(Copy));
            return;
        }

        fixed (ushort* mask = _mask)
        {
            Elementwise.Run(Context.Device, top[0].Count,
                new ForwardBody(x, y, mask, 1 / (1 - _ratio), Limit, _stream.NextDraw()));
        }
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        float* dy = top[0].CpuDiff, dx = bottom[0].MutableCpuDiff;
        if (_stream is null)
        {
            if (dx != dy)
                VectorMap.Run(Context.Device, top[0].Count, dy, dx, default(Copy));
            return;
        }

        fixed (ushort* mask = _mask)
            Elementwise.Run(Context.Device, top[0].Count, new BackwardBody(dy, dx, mask, 1 / (1 - _ratio)));
    }

    /// <inheritdoc/>
    /// <remarks>No mask is kept: backward makes it anew from the draw.</remarks>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        if (_stream is not null)
            _draw = _stream.NextDraw();
        else if (ReferenceEquals(bottom[0].DataMemory, top[0].DataMemory))
            return;
        MaskGpu(gpu, top[0].Count, bottom[0].GpuData(gpu), top[0].OverwriteGpuData(gpu));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0] || (_stream is null && ReferenceEquals(bottom[0].DiffMemory, top[0].DiffMemory)))
            return;
        MaskGpu(gpu, top[0].Count, top[0].GpuDiff(gpu), bottom[0].OverwriteGpuDiff(gpu));
    }

    private uint Limit => (uint)((1.0 - _ratio) * uint.MaxValue);

    private void MaskGpu(GpuDevice gpu, int count, Values x, Values y)
    {
        if (_stream is null)
            gpu.Run(count, new CopyBody(x, y));
        else
            gpu.Run((int)((count + 3L) / 4), new GpuMask(x, y, count, 1 / (1 - _ratio), Limit, _draw));
    }

    // A thread does the four elements of one block of random words.
    internal readonly struct GpuMask(Values x, Values y, int count, float scale, uint limit, RandomDraw draw) : IGpuBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Invoke(int quad)
        {
            (uint w0, uint w1, uint w2, uint w3) = draw.Quad((uint)quad);
            int i = 4 * quad;
            Put(i, w0);
            Put(i + 1, w1);
            Put(i + 2, w2);
            Put(i + 3, w3);
        }

        // A product with 0 here too.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Put(int i, uint word)
        {
            if (i < count)
                y.Set(i, x[i] * (word <= limit ? scale : 0));
        }
    }

    private readonly struct Copy : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x) => x;
    }

    // A product with 0, not a choice: a NaN is not hidden by being dropped.
    private readonly struct ForwardBody(float* x, float* y, ushort* mask, float scale, uint limit, RandomDraw draw)
        : IRangeBody
    {
        private const int Words = 512;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        [SkipLocalsInit]
        public void Invoke(int from, int to)
        {
            uint* words = stackalloc uint[Words];
            Vector512<float> scales = Vector512.Create(scale);
            Vector512<uint> limits = Vector512.Create(limit);
            for (int start = from; start < to; start += Words)
            {
                int end = Math.Min(to, start + Words);
                draw.Words((uint)start, new Span<uint>(words, (end - start + 15) & ~15));
                for (int i = start; i < end; i += 16)
                {
                    Vector512<uint> kept = Vector512.LessThanOrEqual(Vector512.Load(words + (i - start)), limits);
                    mask[i >> 4] = (ushort)kept.ExtractMostSignificantBits();
                    Vector512<float> factors = kept.AsSingle() & scales;
                    if (i + 16 <= end)
                        (Vector512.Load(x + i) * factors).Store(y + i);
                    else
                        Lanes.Store(Lanes.Load(x + i, end - i) * factors, y + i, end - i);
                }
            }
        }
    }

    private readonly struct BackwardBody(float* dy, float* dx, ushort* mask, float scale) : IRangeBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            Vector512<float> scales = Vector512.Create(scale);
            Vector512<uint> laneBits = Vector512.Create(
                1u, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
            for (int i = from; i < to; i += 16)
            {
                Vector512<uint> kept = Vector512.Equals(Vector512.Create((uint)mask[i >> 4]) & laneBits, laneBits);
                Vector512<float> factors = kept.AsSingle() & scales;
                if (i + 16 <= to)
                    (Vector512.Load(dy + i) * factors).Store(dx + i);
                else
                    Lanes.Store(Lanes.Load(dy + i, to - i) * factors, dx + i, to - i);
            }
        }
    }
}
