using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using static CaffeActors.Compute.Schema.PoolingParameter.Types;

namespace CaffeActors.Compute.Layers.Pooling;

/// <summary>
/// Spatial pyramid pooling (He, Zhang, Ren, Sun: Spatial pyramid pooling in deep convolutional networks, 2014): level i
/// pools each plane into 2^i x 2^i bins, whatever its size: kernel and stride ceil(H / 2^i), pad
/// floor((kernel * 2^i - H + 1) / 2) on each axis, as a <see cref="PoolingLayer"/> does.
/// Bottom (N, C, H, W), top (N, C * sum of 4^i): level after level, in each channel after channel, row after row; with
/// one level (N, C, 1, 1). <c>spp_param</c>: <c>pyramid_height</c>, levels, at least 1; <c>pool</c>, MAX (default), AVE
/// or STOCHASTIC.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("SPP")]
public sealed unsafe class SPPLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private readonly SPPParameter _spp = parameter.SppParam ?? new SPPParameter();
    private readonly Blob _places = new();
    private Pooler[] _levels = [];
    private GpuPooler[] _onGpu = [];
    private RandomStream? _stream;
    private int[] _bottomShape = [];
    private int[] _topShape = [];

    /// <inheritdoc/>
    public override int ExactBottoms => 1;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    private PoolMethod Method => (PoolMethod)_spp.Pool;

    private bool IsDraw => Method == PoolMethod.Stochastic && Phase == Phase.Train;

    /// <inheritdoc/>
    /// <remarks>Each level looks at each element once.</remarks>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => (long)_levels.Length * bottom[0].Count;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        if (!bottom[0].Shape.SequenceEqual(_bottomShape))
            TakeShape(bottom[0]);
        top[0].Reshape(_topShape);
        if (_levels[0].HasPlaces)
            _places.Reshape(_topShape);
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        if (top[0].Count == 0)
            return;
        int channels = bottom[0].Dim(1), images = bottom[0].Dim(0), bins = top[0].Count / images;
        Values x = bottom[0].GpuData(gpu), y = top[0].OverwriteGpuData(gpu);
        Values places = _levels[0].HasPlaces ? _places.OverwriteGpuData(gpu) : Values.None;
        if (IsDraw)
        {
            DrawOnGpu(gpu, images, channels, x, y, places);
            return;
        }

        for (int i = 0, offset = 0; i < _levels.Length; offset += channels * _levels[i++].PooledSize)
            _onGpu[i].Forward(gpu, images * channels, channels, bins, offset, x, y, places, null, null);
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0] || bottom[0].Count == 0)
            return;
        int channels = bottom[0].Dim(1), images = bottom[0].Dim(0), bins = top[0].Count / images;
        Values x = bottom[0].GpuData(gpu), dy = top[0].GpuDiff(gpu), dx = bottom[0].OverwriteGpuDiff(gpu);
        Values places = _levels[0].HasPlaces ? _places.GpuData(gpu) : Values.None;
        for (int i = 0, offset = 0; i < _levels.Length; offset += channels * _levels[i++].PooledSize)
            _onGpu[i].Backward(gpu, images * channels, channels, bins, offset, x, dy, places, dx, add: i > 0);
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        if (bottom[0] == top[0])
            throw Fail(ErrorCodes.BadConnection, "it cannot work in place; give its top a name of its own");
        if (_spp.PyramidHeight == 0)
            throw Fail(ErrorCodes.BadLayerParameter, "pyramid_height, the number of levels, must be at least 1");
        if (IsDraw)
            _stream = CreateStream("draw");
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        if (top[0].Count == 0)
            return;
        int channels = bottom[0].Dim(1);
        float* x = bottom[0].CpuData, y = top[0].MutableCpuData;
        int* places = _levels[0].HasPlaces ? (int*)_places.MutableCpuData : null;
        for (int image = 0; image < bottom[0].Dim(0); image++)
        {
            foreach (Pooler level in _levels)
            {
                level.Forward(Context.Device, channels, x, y, places, null, _stream);
                int bins = channels * level.PooledSize;
                y += bins;
                places += places is null ? 0 : bins;
            }

            x += (nint)channels * _levels[0].PlaneSize;
        }
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0] || bottom[0].Count == 0)
            return;
        int channels = bottom[0].Dim(1), size = channels * _levels[0].PlaneSize;
        float* x = bottom[0].CpuData, dy = top[0].CpuDiff, dx = bottom[0].MutableCpuDiff;
        int* places = _levels[0].HasPlaces ? (int*)_places.CpuData : null;
        float* part = Context.Device.Workspace.Shared(WorkspaceSlots.Layer, size);
        for (int image = 0; image < bottom[0].Dim(0); image++)
        {
            for (int i = 0; i < _levels.Length; i++)
            {
                _levels[i].Backward(Context.Device, channels, x, dy, places, i == 0 ? dx : part);
                if (i > 0)
                    VectorMap.Run(Context.Device, size, dx, part, dx, default(Sum));
                int bins = channels * _levels[i].PooledSize;
                dy += bins;
                places += places is null ? 0 : bins;
            }

            x += size;
            dx += size;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing)
            return;
        _places.Dispose();
        foreach (GpuPooler level in _onGpu)
            level.Dispose();
    }

    // Draws are taken in the CPU's order: for each image, level after level.
    private void DrawOnGpu(GpuDevice gpu, int images, int channels, Values x, Values y, Values places)
    {
        for (int image = 0, offset = 0; image < images; image++)
        {
            for (int i = 0; i < _levels.Length; offset += channels * _levels[i++].PooledSize)
                _onGpu[i].ForwardDraw(gpu, image, channels, offset, x, y, places, _stream!.NextDraw());
        }
    }

    private void TakeShape(Blob bottom)
    {
        if (bottom.AxisCount != 4)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"it pools blobs of 4 axes (N, C, H, W), but its bottom has the shape {bottom.ShapeString}");
        }

        int channels = bottom.Dim(1);
        List<Pooler> levels = [];
        long bins = 0;
        for (int i = 0; i < _spp.PyramidHeight; i++)
        {
            long side = 1L << i;
            (int kernelH, int padH) = WindowOf(bottom.Dim(2), side, "height");
            (int kernelW, int padW) = WindowOf(bottom.Dim(3), side, "width");
            bool isPadded = padH > 0 || padW > 0;
            if (isPadded && Method == PoolMethod.Stochastic)
            {
                throw Fail(ErrorCodes.ShapeMismatch,
                    $"level {i} would pad {bottom.Dim(2)} x {bottom.Dim(3)} to fill {side} x {side} bins, and "
                    + "STOCHASTIC pooling takes no padding; make the sides multiples of it, or pool MAX or AVE");
            }

            var level = new Pooler(
                Method, IsDraw, Axis(bottom.Dim(2), kernelH, padH), Axis(bottom.Dim(3), kernelW, padW));
            levels.Add(level);
            bins += level.PooledSize;

            PoolingAxis Axis(int length, int kernel, int pad) => new(
                length, PoolingAxis.PooledLength(length, kernel, kernel, pad, isPadded, RoundMode.Ceil),
                kernel, kernel, pad);
        }

        if (channels * bins > int.MaxValue)
            throw Fail(ErrorCodes.ShapeMismatch, $"{channels} channels of {bins} bins each are too many");
        foreach (GpuPooler level in _onGpu)
            level.Dispose();
        _levels = [.. levels];
        _onGpu = [.. levels.Select(static level => level.OnGpu())];
        _topShape = _levels.Length == 1
            ? [bottom.Dim(0), channels, 1, 1]
            : [bottom.Dim(0), (int)(channels * bins)];
        _bottomShape = [.. bottom.Shape];
    }

    private (int Kernel, int Pad) WindowOf(int length, long bins, string name)
    {
        long kernel = (length + bins - 1) / bins, pad = ((kernel * bins) - length + 1) / 2;
        return length > 0 && pad < kernel
            ? ((int)kernel, (int)pad)
            : throw Fail(ErrorCodes.ShapeMismatch,
                $"a {name} of {length} cannot be cut into {bins} bins: windows of {kernel} would need {pad} cells of "
                + "padding before the first, which would lie outside whole; lower pyramid_height, or make the bottom "
                + "larger");
    }

    private readonly struct Sum : IVectorFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> a, Vector512<float> b) => a + b;
    }
}
