using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using static CaffeActors.Compute.Schema.PoolingParameter.Types;

namespace CaffeActors.Compute.Layers.Pooling;

/// <summary>
/// Pools windows of each plane: MAX takes the greatest element, AVE the mean, STOCHASTIC an element drawn with a
/// probability proportional to its value (in phase TEST the mean of that draw). One bottom (N, C, one or more spatial
/// axes...), one top (N, C, P...) with P = ceil((H + 2 pad - kernel) / stride) + 1 for each axis (floor with
/// <c>round_mode: FLOOR</c>); where there is padding, a last window that would begin beyond H + pad is left out. MAX
/// has a second top on request: the place (h * W + w with two axes) of each maximum on its plane, as a float.
/// <c>pooling_param</c>: <c>pool</c>, default MAX; <c>kernel_size</c>, or with two axes <c>kernel_h</c> and
/// <c>kernel_w</c>; <c>stride</c> (default 1) or <c>stride_h</c> and <c>stride_w</c>; <c>pad</c> (default 0) or
/// <c>pad_h</c> and <c>pad_w</c>, below the kernel and for MAX and AVE only; <c>global_pooling</c>, default false: the
/// kernel is the plane; <c>round_mode</c>, default CEIL.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Pooling")]
public sealed unsafe class PoolingLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private readonly PoolingParameter _pooling = parameter.PoolingParam ?? new PoolingParameter();

    // Places of the elements taken, as 32-bit integers in the blob's data.
    private readonly Blob _places = new();
    private PoolingSettings? _settings;
    private Pooler? _pooler;
    private GpuPooler? _onGpu;
    private RandomStream? _stream;
    private int[] _bottomShape = [];
    private int[] _topShape = [];
    private long _windowSize;

    /// <inheritdoc/>
    public override int ExactBottoms => 1;

    /// <inheritdoc/>
    public override int MinTops => 1;

    /// <inheritdoc/>
    public override int MaxTops => _pooling.Pool == PoolMethod.Max ? 2 : 1;

    private bool IsDraw => _pooling.Pool == PoolMethod.Stochastic && Phase == Phase.Train;

    /// <inheritdoc/>
    public override GradientReads ReadsBackward(Blob[] bottom, Blob[] top) =>
        _pooling.Pool == PoolMethod.Stochastic ? GradientReads.Bottoms : GradientReads.None;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => top[0].Count * _windowSize;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        if (!bottom[0].Shape.SequenceEqual(_bottomShape))
            TakeShape(bottom[0]);
        foreach (Blob blob in top)
            blob.Reshape(_topShape);
        if (_pooler!.HasPlaces)
            _places.Reshape(_topShape);
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        if (top[0].Count == 0)
            return;
        Values places = _pooler!.HasPlaces ? _places.OverwriteGpuData(gpu) : Values.None;
        Values? mask = top.Length > 1 ? top[1].OverwriteGpuData(gpu) : null;
        _onGpu ??= _pooler.OnGpu();
        _onGpu.Forward(
            gpu, bottom[0].CountRange(0, 2), bottom[0].GpuData(gpu), top[0].OverwriteGpuData(gpu), places, mask,
            _stream);
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0] || bottom[0].Count == 0)
            return;
        int planes = bottom[0].CountRange(0, 2);
        Values places = _pooler!.HasPlaces ? _places.GpuData(gpu) : Values.None;
        _onGpu!.Backward(
            gpu, planes, planes, 0, 0, bottom[0].GpuData(gpu), top[0].GpuDiff(gpu), places,
            bottom[0].OverwriteGpuDiff(gpu), add: false);
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        if (bottom[0] == top[0])
            throw Fail(ErrorCodes.BadConnection, "it cannot work in place; give its top a name of its own");
        if (bottom[0].AxisCount < 3)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                "it pools blobs of at least 3 axes (N, C, spatial axes...), but its bottom has the shape "
                + bottom[0].ShapeString);
        }

        _settings = new PoolingSettings(
            _pooling, bottom[0].AxisCount - 2, message => Fail(ErrorCodes.BadLayerParameter, message));
        if (IsDraw)
            _stream = CreateStream("draw");
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        if (top[0].Count == 0)
            return;
        bool notes = _pooler!.HasPlaces && (KeepsForGradient || _pooler.NeedsPlaces || top.Length > 1);
        int* places = notes ? (int*)_places.MutableCpuData : null;
        float* mask = top.Length > 1 ? top[1].MutableCpuData : null;
        _pooler.Forward(
            Context.Device, bottom[0].CountRange(0, 2), bottom[0].CpuData, top[0].MutableCpuData, places, mask,
            _stream);
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0] || bottom[0].Count == 0)
            return;
        int* places = _pooler!.HasPlaces ? (int*)_places.CpuData : null;
        _pooler.Backward(
            Context.Device, bottom[0].CountRange(0, 2), bottom[0].CpuData, top[0].CpuDiff, places,
            bottom[0].MutableCpuDiff);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing)
            return;
        _places.Dispose();
        _onGpu?.Dispose();
    }

    private void TakeShape(Blob bottom)
    {
        PoolingSettings settings = _settings!;
        var axes = new PoolingAxis[settings.Kernel.Length];
        if (bottom.AxisCount != axes.Length + 2)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"the bottom had {axes.Length + 2} axes at first and now has {bottom.ShapeString}");
        }

        int[] shape = [.. bottom.Shape];
        _windowSize = 1;
        for (int a = 0; a < axes.Length; a++)
        {
            axes[a] = settings.Axis(a, bottom.Dim(a + 2));
            if (axes[a].Pooled < 1)
            {
                string name = axes.Length == 2 ? a == 0 ? "height" : "width" : $"length of axis {a + 2}";
                throw Fail(ErrorCodes.ShapeMismatch,
                    $"no window fits: {name} {axes[a].Length}, kernel {axes[a].Kernel}, stride {axes[a].Stride}, "
                    + $"pad {axes[a].Pad}; make the kernel smaller, pad more, or pool less before");
            }

            shape[a + 2] = axes[a].Pooled;
            _windowSize *= Math.Min(axes[a].Kernel, axes[a].Length);
        }

        _onGpu?.Dispose();
        _onGpu = null;
        _pooler = new Pooler(_pooling.Pool, IsDraw, axes);
        _topShape = shape;
        _bottomShape = [.. bottom.Shape];
    }
}
