namespace CaffeActors.Compute.Backends.Cpu.Convolution.Winograd;

/// <summary>
/// Convolution of 3 x 3 or 5 x 5 kernels with stride 1 by Winograd's method: 4 or 2.8 times fewer products, some work
/// to transform. Rounding differs from that of the plain sums: errors stay some 1e-5 of the largest value.
/// </summary>
internal abstract unsafe class WinogradConvolution
{
    // The widest row of tiles that tasks keep tables of.
    private const int MostTilesOfRow = 1024;

    // What it must save of the time, by the estimates below: near the border the plain sums are as good.
    private const double LeastGain = 1.1;

    // Cycles for each vector of 16 channels of a tile that is transformed: with outputs of 4 x 4 and of 2 x 2, and for
    // the weights' gradient, whose transformed tiles go through memory.
    private const double WideTransform = 400;
    private const double NarrowTransform = 310;
    private const double GradientTransform = 700;

    // Shares of the peak of two fused multiply-adds a cycle that products and plain sums reach.
    private const double ProductShare = 0.9;
    private const double PlainShare = 0.75;

    /// <summary>Its name: F(m x m, r x r).</summary>
    public abstract string Name { get; }

    /// <summary>The outputs.</summary>
    public abstract void Forward(
        CpuDevice device, int images, float* x, float* w, float* bias, float? negativeSlope, float* y);

    /// <summary>The inputs' gradient.</summary>
    public abstract void BackwardData(CpuDevice device, int images, float* w, float* dy, float* bias, float* dx);

    /// <summary>The weights' gradient, set or added to.</summary>
    public abstract void BackwardWeights(CpuDevice device, int images, float* x, float* dy, float* dw, bool add);

    /// <summary>The convolution for a geometry, or null where there is none: kernels of 3 x 3 and 5 x 5, stride 1,
    /// dilation 1, pad below the kernel, images that are not empty.</summary>
    public static WinogradConvolution? Of(ConvolutionGeometry geometry)
    {
        SpatialAxis[] axes = geometry.Axes;
        if (axes.Length != 2 || axes[0].Kernel != axes[1].Kernel || axes.Any(axis => axis.Stride != 1
            || axis.Dilation != 1 || axis.Pad >= axis.Kernel || axis.Input == 0))
        {
            return null;
        }

        return axes[0].Kernel switch
        {
            3 => new WinogradConvolution<Winograd4x3>(geometry),
            5 => new WinogradConvolution<Winograd2x5>(geometry),
            _ => null,
        };
    }

    /// <summary>
    /// Whether it is faster than plain sums. That does not depend on the number of images: shares of a batch have the
    /// bits that the whole has.
    /// </summary>
    /// <param name="geometry">The sizes.</param>
    /// <param name="pass">Which pass.</param>
    public static bool IsFaster(ConvolutionGeometry geometry, ConvolutionPass pass)
    {
        SpatialAxis y = geometry.Axes[0], x = geometry.Axes[1];
        bool ofInputs = pass == ConvolutionPass.DataGradient;
        int side = y.Kernel == 3 ? Winograd4x3.Outputs : Winograd2x5.Outputs;
        int tilesX = ((ofInputs ? x.Input : x.Output) + side - 1) / side;
        double tiles = (double)tilesX * (((ofInputs ? y.Input : y.Output) + side - 1) / side);
        int depth = ofInputs ? geometry.OutputsOfGroup : geometry.InputsOfGroup;
        int targets = ofInputs ? geometry.InputsOfGroup : geometry.OutputsOfGroup;
        int depthVectors = (depth + 15) / 16, targetVectors = (targets + 15) / 16;
        double transform = side == 4 ? WideTransform : NarrowTransform;
        if (pass == ConvolutionPass.WeightGradient)
            (transform, depth) = (GradientTransform, depthVectors * 16);
        double cost = tiles * ((36.0 * depth * targetVectors / 2 / ProductShare)
            + (transform * (depthVectors + targetVectors)));
        double plain = (double)geometry.Products / geometry.Groups / 32 / PlainShare;
        return tilesX <= MostTilesOfRow && plain >= LeastGain * cost;
    }
}
