using CaffeActors.Compute.Backends.Cpu.Convolution;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Convolution;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Convolution;

/// <summary>
/// What convolution and its transpose have in common: <c>convolution_param</c>, the learnable blobs and the shapes.
/// One set of weights serves all pairs of a bottom and a top; all bottoms have one shape. Axes before the channel
/// axis are batch, those behind it, any number of them, are spatial.
/// </summary>
/// <param name="parameter">The layer's message.</param>
public abstract class BaseConvolutionLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private readonly ConvolutionParameter _convolution = parameter.ConvolutionParam ?? new ConvolutionParameter();
    private ConvolutionSettings? _settings;
    private ConvolutionKernel? _kernel;
    private GpuConvolution? _onGpu;
    private int[] _bottomShape = [];
    private int[] _topShape = [];

    /// <inheritdoc/>
    public override int MinBottoms => 1;

    /// <inheritdoc/>
    public override int MinTops => 1;

    /// <inheritdoc/>
    public override bool EqualBottomsAndTops => true;

    /// <summary>Whether there is a bias.</summary>
    protected bool HasBias => _convolution.BiasTerm;

    /// <summary>The sums, for the present shape. Valid after <see cref="Layer.SetUp"/>.</summary>
    protected ConvolutionKernel Kernel =>
        _kernel ?? throw new InvalidOperationException($"Layer '{Name}' is used before SetUp.");

    /// <summary>The same on an accelerator.</summary>
    private protected GpuConvolution OnGpu => _onGpu ??= new GpuConvolution(Kernel.Geometry);

    /// <summary>Number of images in a bottom.</summary>
    protected int Images { get; private set; }

    /// <summary>Channels of the bottoms.</summary>
    protected int Channels { get; private set; }

    /// <summary>Channels of the tops.</summary>
    protected int Outputs { get; private set; }

    /// <summary>Number of groups.</summary>
    protected int Groups { get; private set; }

    /// <summary>Which axis holds the channels, counted from the first.</summary>
    protected int ChannelAxis { get; private set; }

    /// <inheritdoc/>
    public override GradientReads ReadsBackward(Blob[] bottom, Blob[] top) => GradientReads.Bottoms;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 2 * Kernel.Geometry.Products * Images * top.Length;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Algorithms =>
        [.. PassesOfKernel.Select(pass => Kernel.Algorithm(Context.Device, pass))];

    /// <summary>Which pass of <see cref="Kernel"/> computes the tops, the bottoms' gradients and the
    /// weights'.</summary>
    protected virtual IReadOnlyList<ConvolutionPass> PassesOfKernel { get; } =
        [ConvolutionPass.Forward, ConvolutionPass.DataGradient, ConvolutionPass.WeightGradient];

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        for (int i = 1; i < bottom.Length; i++)
        {
            if (!bottom[i].Shape.SequenceEqual(bottom[0].Shape))
            {
                throw Fail(ErrorCodes.ShapeMismatch,
                    $"all bottoms must have one shape, but bottom 0 has {bottom[0].ShapeString} and bottom {i} "
                    + bottom[i].ShapeString);
            }
        }

        if (!bottom[0].Shape.SequenceEqual(_bottomShape))
            TakeShape(bottom[0]);
        foreach (Blob blob in top)
            blob.Reshape(_topShape);
    }

    /// <inheritdoc/>
    public abstract void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top);

    /// <inheritdoc/>
    public abstract void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom);

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        RefuseInPlace(bottom, top);
        ChannelAxis = bottom[0].CanonicalAxis(_convolution.Axis);
        _settings = new ConvolutionSettings(
            _convolution, bottom[0].AxisCount - ChannelAxis - 1,
            message => Fail(ErrorCodes.BadLayerParameter, message));
        Channels = bottom[0].Dim(ChannelAxis);
        uint outputs = _convolution.NumOutput, groups = _convolution.Group;
        if (outputs is 0 or > int.MaxValue)
            throw Fail(ErrorCodes.BadLayerParameter, $"num_output is {outputs}; it must be at least 1 and below 2^31");
        if (groups == 0 || Channels == 0 || Channels % groups != 0 || outputs % groups != 0)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"group is {groups}; it must divide the {Channels} channels of the bottom and num_output {outputs}");
        }

        (Outputs, Groups) = ((int)outputs, (int)groups);
        int blobs = HasBias ? 2 : 1;
        if (Blobs.Count > 0 && Blobs.Count != blobs)
            throw Fail(ErrorCodes.BlobCount, $"{Blobs.Count} stored blob(s) came with the layer, which has {blobs}");
        (int first, int second) = WeightChannels();
        LearnableBlob(0, [first, second, .. _settings.Kernel], _convolution.WeightFiller);
        if (HasBias)
            LearnableBlob(1, [Outputs], _convolution.BiasFiller);
    }

    /// <summary>The first two axes of the weights.</summary>
    protected abstract (int First, int Second) WeightChannels();

    /// <summary>The convolution to compute for a bottom's spatial axes.</summary>
    /// <param name="settings">Kernel, stride, pad and dilation.</param>
    /// <param name="input">Lengths of the bottom's spatial axes.</param>
    protected abstract ConvolutionGeometry GeometryFor(ConvolutionSettings settings, ReadOnlySpan<int> input);

    /// <summary>The length of a top's spatial axis.</summary>
    /// <param name="settings">Kernel, stride, pad and dilation.</param>
    /// <param name="axis">0 for the outermost.</param>
    /// <param name="input">Length of the bottom's axis.</param>
    protected abstract int OutputLength(ConvolutionSettings settings, int axis, int input);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _onGpu?.Dispose();
    }

    private void TakeShape(Blob bottom)
    {
        int rank = ChannelAxis + 1 + _settings!.Kernel.Length;
        if (bottom.AxisCount != rank)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"the bottom had {rank} axes at first and now has {bottom.ShapeString}");
        }

        if (bottom.Dim(ChannelAxis) != Channels)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"the bottom had {Channels} channels at first and now has the shape {bottom.ShapeString}");
        }

        ReadOnlySpan<int> input = bottom.Shape[(ChannelAxis + 1)..];
        int[] shape = [.. bottom.Shape[..ChannelAxis], Outputs, .. input];
        for (int a = 0; a < input.Length; a++)
        {
            int length = OutputLength(_settings, a, input[a]);
            if (length < 1)
            {
                throw Fail(ErrorCodes.ShapeMismatch,
                    $"along spatial axis {a} the output would have the length {length}: input {input[a]}, kernel "
                    + $"{_settings.Kernel[a]}, stride {_settings.Stride[a]}, pad {_settings.Pad[a]}, "
                    + $"dilation {_settings.Dilation[a]}");
            }

            shape[ChannelAxis + 1 + a] = length;
        }

        if (_kernel is null || !input.SequenceEqual(_bottomShape.AsSpan(ChannelAxis + 1)))
        {
            _kernel = KernelFor(_settings, input, shape);
            _onGpu?.Dispose();
            _onGpu = null;
        }

        Images = bottom.CountRange(0, ChannelAxis);
        _topShape = shape;
        _bottomShape = [.. bottom.Shape];
    }

    private ConvolutionKernel KernelFor(ConvolutionSettings settings, ReadOnlySpan<int> input, int[] output)
    {
        try
        {
            return new ConvolutionKernel(GeometryFor(settings, input));
        }
        catch (OverflowException)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"the output would have the shape {string.Join(' ', output)}, more than 2^31 - 1 numbers a channel");
        }
    }
}
