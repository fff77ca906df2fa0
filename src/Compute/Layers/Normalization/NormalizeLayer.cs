using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers.Common;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Normalization;

/// <summary>
/// Brings vectors to length 1, times a learned scale (Liu, Rabinovich, Berg: ParseNet, 2015): u = x / r with
/// r = sqrt(sum of x^2 + eps), y = s u; dx = (s dy - u sum of s dy u) / r, ds = sum of dy u. The sums go over all of an
/// image, or over the channels at each of its places. A layer of NVIDIA's fork.
/// One bottom (N, C, ...), one top of its shape. In place works (x is then kept in a copy). Blob: s, a scalar or (C).
/// <c>norm_param</c>: <c>across_spatial</c>, default true: over all of an image; <c>scale_filler</c>, default ones;
/// <c>channel_shared</c>, default true: one s for all channels; <c>eps</c>, default 1e-10.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Normalize")]
public sealed unsafe class NormalizeLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private readonly NormalizeParameter _norm = parameter.NormParam ?? new NormalizeParameter();

    // 1 / r, and the sum of s dy u: one for each image, or for each place of it.
    private readonly Blob _inverse = new();
    private readonly Blob _projection = new();

    // x as it was before it was overwritten in place.
    private readonly Blob _kept = new();

    // The sum of dy u over each channel of each image.
    private double[] _dots = [];
    private NormalizeShape _shape;

    /// <inheritdoc/>
    public override int ExactBottoms => 1;

    // The vectors that get the length 1.
    private ClassAxis Vectors =>
        _shape.ByPlace ? new(_shape.Channels, _shape.Places) : new(_shape.ImageSize, 1);

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <inheritdoc/>
    /// <remarks>Four an element: square, add, divide, scale.</remarks>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 4L * top[0].Count;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        Blob x = bottom[0];
        if (x.AxisCount < 2 || (!_norm.ChannelShared && x.Dim(1) != Blobs[0].Count))
        {
            throw Fail(ErrorCodes.ShapeMismatch, x.AxisCount < 2
                ? $"its bottom must have images and channels as its first axes, but is {x.ShapeString}"
                : $"it has scales for {Blobs[0].Count} channels, but its bottom is {x.ShapeString}");
        }

        int places = x.CountFrom(2);
        // With one place the channels are all there is of an image.
        bool byPlace = !_norm.AcrossSpatial && places > 1;
        _shape = new NormalizeShape(x.Dim(0), x.Dim(1), places, byPlace, _norm.ChannelShared);
        _inverse.Reshape(x.Dim(0), byPlace ? places : 1);
        _projection.ReshapeLike(_inverse);
        if (_dots.Length != _shape.Planes)
            _dots = new double[_shape.Planes];
        top[0].ReshapeLike(x);
        if (top[0] == x)
            _kept.ReshapeLike(x);
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        if (!(_norm.Eps >= 0 && float.IsFinite(_norm.Eps)))
            throw Fail(ErrorCodes.BadLayerParameter, $"norm_param.eps must be at least 0, not {_norm.Eps}");
        int channels = bottom[0].AxisCount < 2 ? 1 : bottom[0].Dim(1);
        LearnableBlob(0, _norm.ChannelShared ? [] : [channels],
            _norm.ScaleFiller ?? new FillerParameter { Type = "constant", Value = 1 });
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        if (top[0].Count == 0)
            return;
        if (bottom[0] == top[0])
            _kept.CopyGpuDataFrom(gpu, bottom[0]);
        Values x = InputOf(bottom, top).GpuData(gpu), inverse = _inverse.OverwriteGpuData(gpu);
        ClassSums.Run(gpu, _inverse.Count, Vectors, new NormalizeSquare(Vectors, x), inverse);
        GpuMap.Run(gpu, _inverse.Count, inverse, inverse, new NormalizeInverse(_norm.Eps));
        gpu.Run(top[0].Count, new NormalizeGpuForward(
            Vectors, x, inverse, GpuScales(gpu), top[0].OverwriteGpuData(gpu)));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (top[0].Count == 0)
            return;
        Values x = InputOf(bottom, top).GpuData(gpu), dy = top[0].GpuDiff(gpu), inverse = _inverse.GpuData(gpu);
        if (ParamPropagateDown[0])
        {
            int scales = Blobs[0].Count;
            var term = new NormalizeDot(Vectors, _shape.ChannelShared ? new ChannelElement(1, top[0].Count)
                : new ChannelElement(_shape.Channels, _shape.Places), x, dy, inverse);
            RowSums.Run(gpu, scales, top[0].Count / scales, term, Blobs[0].MutableGpuDiff(gpu), add: true);
        }

        if (!propagateDown[0])
            return;
        Values projection = _projection.OverwriteGpuData(gpu);
        ClassSums.Run(gpu, _projection.Count, Vectors,
            new NormalizeProjection(Vectors, x, dy, inverse, GpuScales(gpu)), projection);
        gpu.Run(top[0].Count, new NormalizeGpuBackward(
            Vectors, x, dy, inverse, projection, GpuScales(gpu), bottom[0].OverwriteGpuDiff(gpu)));
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        if (bottom[0] == top[0])
            _kept.CopyDataFrom(bottom[0]);
        float* x = InputOf(bottom, top).CpuData;
        Rowwise.Run(Context.Device, _shape.Images, _shape.ImageSize,
            new NormalizeLengths(_shape, x, _inverse.MutableCpuData, _norm.Eps));
        Rowwise.Run(Context.Device, _shape.Planes, _shape.Places,
            new NormalizeForward(_shape, x, _inverse.CpuData, Blobs[0].CpuData, top[0].MutableCpuData));
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        float* x = InputOf(bottom, top).CpuData;
        float* dy = top[0].CpuDiff, inverse = _inverse.CpuData, scale = Blobs[0].CpuData;
        bool projects = propagateDown[0] && !_shape.ByPlace;
        if (ParamPropagateDown[0] || projects)
        {
            fixed (double* dots = _dots)
            {
                Rowwise.Run(Context.Device, _shape.Planes, _shape.Places,
                    new NormalizeDots(_shape, x, dy, inverse, dots));
            }
        }

        if (ParamPropagateDown[0])
            AddScaleGradient(Blobs[0].MutableDiff);
        if (!propagateDown[0])
            return;
        if (projects)
            ProjectImages(Blobs[0].Data, _projection.MutableData);
        else
            Rowwise.Run(Context.Device, _shape.Images, _shape.ImageSize,
                new NormalizeProjections(_shape, x, dy, inverse, scale, _projection.MutableCpuData));
        Rowwise.Run(Context.Device, _shape.Planes, _shape.Places, new NormalizeBackward(
            _shape, x, dy, inverse, _projection.CpuData, scale, bottom[0].MutableCpuDiff));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing)
            return;
        foreach (Blob blob in (ReadOnlySpan<Blob>)[_inverse, _projection, _kept])
            blob.Dispose();
    }

    private Blob InputOf(Blob[] bottom, Blob[] top) => bottom[0] == top[0] ? _kept : bottom[0];

    private NormalizeScales GpuScales(GpuDevice gpu) => new(
        Blobs[0].GpuData(gpu), _shape.ChannelShared ? new ChannelElement(1, 1)
            : new ChannelElement(_shape.Channels, _shape.Places));

    private void AddScaleGradient(Span<float> gradient)
    {
        for (int s = 0; s < gradient.Length; s++)
        {
            double sum = 0;
            for (int plane = s; plane < _dots.Length; plane += gradient.Length)
                sum += _dots[plane];
            gradient[s] += (float)sum;
        }
    }

    private void ProjectImages(ReadOnlySpan<float> scale, Span<float> projection)
    {
        for (int image = 0; image < _shape.Images; image++)
        {
            double sum = 0;
            for (int channel = 0; channel < _shape.Channels; channel++)
                sum += scale[_shape.ChannelShared ? 0 : channel] * _dots[(image * _shape.Channels) + channel];
            projection[image] = (float)sum;
        }
    }
}
