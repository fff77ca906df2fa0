using CaffeActors.Compute.Backends.Cpu.Convolution.Winograd;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>
/// Convolution of images and its gradients, for one geometry. Images lie one after the other; all pointers must be
/// readable for 64 bytes past the end of the data, as a blob's are. Results have the same bits for any number of
/// threads. Not thread-safe in so far as a device has one user at a time. A transposed convolution (Deconvolution) is
/// the same with the two gradients' roles changed: its forward pass is <see cref="BackwardData"/>, its data
/// gradient <see cref="Forward"/>, its weight gradient <see cref="BackwardWeights"/> with source and gradient swapped.
/// </summary>
/// <param name="geometry">The sizes.</param>
public sealed unsafe class ConvolutionKernel(ConvolutionGeometry geometry)
{
    private readonly DepthwiseKernel? _depthwise = DepthwiseKernel.Of(geometry);
    private readonly WinogradConvolution? _winograd = WinogradConvolution.Of(geometry);
    private readonly bool _scattered = ScatteredGradient.IsBetter(geometry);
    private ImplicitProduct? _forward;
    private ImplicitProduct? _dataGradient;
    private ScatteredGradient? _scatteredGradient;
    private WeightGradient? _weightGradient;

    /// <summary>The sizes.</summary>
    public ConvolutionGeometry Geometry => geometry;

    /// <summary>Where <see cref="Forward"/> keeps the weights in its own form; who writes the weights invalidates it.
    /// Default null: nowhere, they are packed anew on each call.</summary>
    public KeptWeights? Kept { get; set; }

    /// <summary>
    /// Whether convolutions of one input channel a group take their own kernel, the faster one. Default true; false is
    /// for comparing.
    /// </summary>
    internal bool IsDepthwiseAllowed { get; init; } = true;

    private ImplicitProduct ForwardProduct => _forward ??= Made(() => ImplicitProduct.Forward(geometry));

    private DepthwiseKernel? Depthwise => IsDepthwiseAllowed ? _depthwise : null;

    /// <summary>y = x * w + bias (cross-correlation, zero padding).</summary>
    /// <param name="device">Where to compute.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="x">Inputs.</param>
    /// <param name="w">Weights.</param>
    /// <param name="bias">One number for each output channel, or null.</param>
    /// <param name="y">Outputs, overwritten.</param>
    /// <param name="negativeSlope">Where the outputs are to be rectified as they are stored, the slope below 0 (0 for a
    /// plain rectifier); null leaves them as they are.</param>
    public void Forward(
        CpuDevice device, int images, float* x, float* w, float* bias, float* y, float? negativeSlope = null)
    {
        if (Depthwise is { } depthwise)
            depthwise.Forward(device, images, x, w, bias, y, negativeSlope);
        else if (WinogradFor(device, ConvolutionPass.Forward) is { } winograd)
            winograd.Forward(device, images, x, w, bias, negativeSlope, y);
        else
            ForwardProduct.Run(device, images, w, x, bias, y, negativeSlope, Kept);
    }

    /// <summary>The inputs' gradient.</summary>
    /// <param name="device">Where to compute.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="w">Weights.</param>
    /// <param name="dy">The outputs' gradient.</param>
    /// <param name="dx">The inputs' gradient, overwritten.</param>
    /// <param name="bias">One number for each input channel to start from, or null: for transposed convolution.</param>
    public void BackwardData(CpuDevice device, int images, float* w, float* dy, float* dx, float* bias = null)
    {
        if (Depthwise is { } depthwise)
            depthwise.BackwardData(device, images, w, dy, dx, bias);
        else if (WinogradFor(device, ConvolutionPass.DataGradient) is { } winograd)
            winograd.BackwardData(device, images, w, dy, bias, dx);
        else if (_scattered)
            (_scatteredGradient ??= Made(() => new ScatteredGradient(geometry))).Run(device, images, w, dy, bias, dx);
        else
            (_dataGradient ??= Made(() => ImplicitProduct.DataGradient(geometry))).Run(device, images, w, dy, bias, dx);
    }

    /// <summary>Adds to the weights' gradient, or sets it.</summary>
    /// <param name="device">Where to compute.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="x">Inputs.</param>
    /// <param name="dy">The outputs' gradient.</param>
    /// <param name="dw">The weights' gradient.</param>
    /// <param name="add">Whether to add to what is there. Default true; false overwrites it.</param>
    public void BackwardWeights(CpuDevice device, int images, float* x, float* dy, float* dw, bool add = true)
    {
        // Depthwise kernels only add, and without images there is nothing to overwrite with.
        if (!add && (Depthwise is not null || images == 0))
            new Span<float>(dw, geometry.Outputs * geometry.Depth).Clear();
        if (images == 0)
            return;
        if (Depthwise is { } depthwise)
            depthwise.BackwardWeights(device, images, x, dy, dw);
        else if (WinogradFor(device, ConvolutionPass.WeightGradient) is { } winograd)
            winograd.BackwardWeights(device, images, x, dy, dw, add);
        else
            (_weightGradient ??= Made(() => new WeightGradient(geometry, ForwardProduct)))
                .Run(device, images, x, dy, dw, add);
    }

    /// <summary>Bytes that <see cref="Kept"/> takes; 0 where the forward pass reads the weights as they are, or has so
    /// many numbers in their stead that bringing them into that form takes no longer than reading it.</summary>
    /// <param name="device">Where it is computed.</param>
    public long KeptBytes(CpuDevice device) => Depthwise is null && WinogradFor(device, ConvolutionPass.Forward) is null
        ? ForwardProduct.PackedCount * sizeof(float) : 0;

    /// <summary>How a pass is computed, in a few words.</summary>
    /// <param name="device">Where.</param>
    /// <param name="pass">Which pass.</param>
    public string Algorithm(CpuDevice device, ConvolutionPass pass)
    {
        if (Depthwise is not null)
            return "depthwise";
        if (WinogradFor(device, pass) is { } winograd)
            return winograd.Name;
        return pass == ConvolutionPass.DataGradient && _scattered ? "scattered product" : "implicit product";
    }

    /// <summary>Adds to the bias' gradient: the sum of the outputs' gradient over images and pixels.</summary>
    /// <param name="device">Where to compute.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="channels">Channels of the output.</param>
    /// <param name="plane">Numbers in a channel.</param>
    /// <param name="dy">The outputs' gradient.</param>
    /// <param name="db">The bias' gradient.</param>
    public static void BackwardBias(CpuDevice device, int images, int channels, int plane, float* dy, float* db) =>
        BiasGradient.Run(device, images, channels, plane, null, 0, dy, db);

    /// <summary>
    /// The same after a <see cref="Forward"/> with a slope, and besides, in the same pass: the gradient of the
    /// rectified outputs becomes that of the sums.
    /// </summary>
    /// <param name="device">Where to compute.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="channels">Channels of the output.</param>
    /// <param name="plane">Numbers in a channel.</param>
    /// <param name="y">The outputs.</param>
    /// <param name="slope">The slope, at least 0.</param>
    /// <param name="dy">The outputs' gradient; overwritten by that of the sums.</param>
    /// <param name="db">The bias' gradient, or null where it is not wanted.</param>
    public static void BackwardRectified(
        CpuDevice device, int images, int channels, int plane, float* y, float slope, float* dy, float* db) =>
        BiasGradient.Run(device, images, channels, plane, y, slope, dy, db);

    // Plans count positions of padded images in 32 bits.
    private static TPlan Made<TPlan>(Func<TPlan> plan)
    {
        try
        {
            return plan();
        }
        catch (OverflowException overflow)
        {
            throw new CaffeException(ErrorCodes.ShapeMismatch, FailureKind.Configuration,
                "a convolution's images are too large: a channel has 2^31 positions or more with its padding, stride "
                + "and dilation", inner: overflow);
        }
    }

    private WinogradConvolution? WinogradFor(CpuDevice device, ConvolutionPass pass) =>
        device.AllowsWinograd && _winograd is not null && WinogradConvolution.IsFaster(geometry, pass)
            ? _winograd
            : null;
}
