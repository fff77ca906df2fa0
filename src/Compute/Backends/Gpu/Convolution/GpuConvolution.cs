using CaffeActors.Compute.Backends.Cpu.Convolution;
using CaffeActors.Compute.Backends.Gpu.Kernels;

namespace CaffeActors.Compute.Backends.Gpu.Convolution;

/// <summary>
/// Convolution of images and its gradients on an accelerator, for one geometry: what <see cref="ConvolutionKernel"/> is
/// on the CPU. Each is a product whose operands are looked up where they lie (<see cref="PatchMatrix"/>), one launch
/// for all images and groups; the data gradient is one for each position modulo the stride, so that no zeros are
/// multiplied. Convolutions of one input channel a group have kernels of their own.
/// </summary>
internal sealed class GpuConvolution : IDisposable
{
    // With more outputs of each input channel, a product is the faster one.
    private const int MostDepthwiseOutputs = 4;

    private readonly ConvolutionGeometry _geometry;
    private readonly bool _isPointwise;
    private readonly bool _isDepthwise;
    private readonly PatchTable _outputs;
    private readonly Lazy<PatchTable[]> _inputs;

    /// <summary>Prepares a geometry.</summary>
    public GpuConvolution(ConvolutionGeometry geometry)
    {
        SpatialAxis[] axes = geometry.Axes;
        _geometry = geometry;
        _isDepthwise = geometry.InputsOfGroup == 1 && geometry.OutputsOfGroup <= MostDepthwiseOutputs;
        _isPointwise = !_isDepthwise && axes.All(static axis => axis.IsPointwise);
        _outputs = new PatchTable([.. axes.Select(AxisCut.Outputs)]);
        _inputs = new(() => [.. Combinations([.. axes.Select(AxisCut.Inputs)]).Select(static cuts => new PatchTable(cuts))]);
    }

    /// <summary>The sizes.</summary>
    public ConvolutionGeometry Geometry => _geometry;

    private int WeightsOfGroup => _geometry.OutputsOfGroup * _geometry.Depth;

    private int InputImage => _geometry.Inputs * _geometry.InputPlane;

    private int OutputImage => _geometry.Outputs * _geometry.OutputPlane;

    private DepthwiseShape Depthwise => new(
        _geometry.Inputs, _geometry.OutputsOfGroup, _geometry.Taps, _geometry.InputPlane, _geometry.OutputPlane);

    /// <summary>Queues y = x * w + bias.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="x">Inputs.</param>
    /// <param name="w">Weights.</param>
    /// <param name="bias">One number for each output channel, or null.</param>
    /// <param name="y">Outputs, overwritten.</param>
    public void Forward(GpuDevice gpu, int images, Values x, Values w, Values? bias, Values y)
    {
        ConvolutionGeometry g = _geometry;
        (Values start, int hasBias) = (bias ?? Values.None, bias is null ? 0 : 1);
        int columns = checked(images * g.OutputPlane);
        if (_isDepthwise)
        {
            gpu.Run(checked(columns * g.Outputs),
                new DepthwiseForward(Depthwise, _outputs.On(gpu), x, w, start, hasBias, y));
            return;
        }

        var weights = new RowMatrix(w, 0, g.Depth, WeightsOfGroup);
        var target = new ChannelTarget(
            y, new GpuDivisor(g.OutputPlane), g.OutputsOfGroup, OutputImage, start, hasBias);
        if (_isPointwise)
            GpuGemm.Run(gpu, g.Groups, g.OutputsOfGroup, columns, g.Depth, weights, Inputs(x), target);
        else
            GpuGemm.Run(gpu, g.Groups, g.OutputsOfGroup, columns, g.Depth, weights, Patches(gpu, x), target);
    }

    /// <summary>Queues the inputs' gradient.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="w">Weights.</param>
    /// <param name="dy">The outputs' gradient.</param>
    /// <param name="dx">The inputs' gradient, overwritten.</param>
    /// <param name="bias">One number for each input channel to start from, or null: for transposed convolution.</param>
    public void BackwardData(GpuDevice gpu, int images, Values w, Values dy, Values dx, Values? bias = null)
    {
        ConvolutionGeometry g = _geometry;
        (Values start, int hasBias) = (bias ?? Values.None, bias is null ? 0 : 1);
        if (_isPointwise)
        {
            var target = new ChannelTarget(
                dx, new GpuDivisor(g.InputPlane), g.InputsOfGroup, InputImage, start, hasBias);
            GpuGemm.Run(gpu, g.Groups, g.InputsOfGroup, checked(images * g.InputPlane), g.OutputsOfGroup,
                new ColumnMatrix(w, 0, g.Depth, WeightsOfGroup), Outputs(dy), target);
            return;
        }

        foreach (PatchTable table in _inputs.Value)
        {
            PatchView patches = table.On(gpu);
            int columns = checked(images * table.Places);
            if (_isDepthwise)
            {
                gpu.Run(checked(columns * g.Inputs), new DepthwiseData(Depthwise, patches, dy, w, start, hasBias, dx));
                continue;
            }

            GpuGemm.Run(gpu, g.Groups, g.InputsOfGroup, columns, g.OutputsOfGroup * table.Cells,
                new GradientWeights(w, patches, g.Taps, g.Depth, WeightsOfGroup),
                new PatchMatrix(dy, patches, g.OutputPlane, g.OutputsOfGroup * g.OutputPlane, OutputImage),
                new PlaceTarget(dx, patches, g.InputPlane, g.InputsOfGroup, InputImage, start, hasBias));
        }
    }

    /// <summary>Queues the weights' gradient.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="x">Inputs.</param>
    /// <param name="dy">The outputs' gradient.</param>
    /// <param name="dw">The weights' gradient, added to.</param>
    public void BackwardWeights(GpuDevice gpu, int images, Values x, Values dy, Values dw)
    {
        ConvolutionGeometry g = _geometry;
        int terms = checked(images * g.OutputPlane);
        if (_isDepthwise)
        {
            RowSums.Run(gpu, g.Outputs * g.Taps, terms, new DepthwiseTerm(Depthwise, _outputs.On(gpu), x, dy), dw,
                add: true);
            return;
        }

        var target = new RowTarget(dw, 0, g.Depth, WeightsOfGroup, 1);
        if (_isPointwise)
        {
            GpuGemm.Run(gpu, g.Groups, g.OutputsOfGroup, g.Depth, terms, Outputs(dy),
                new Transposed<ChannelMatrix>(Inputs(x)), target);
        }
        else
        {
            GpuGemm.Run(gpu, g.Groups, g.OutputsOfGroup, g.Depth, terms, Outputs(dy),
                new Transposed<PatchMatrix>(Patches(gpu, x)), target);
        }
    }

    /// <summary>Queues the gradient of a bias: sums over each channel of all images, added to what is there.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="channels">Their channels.</param>
    /// <param name="plane">Numbers of a channel.</param>
    /// <param name="dy">The images' gradient.</param>
    /// <param name="db">The bias' gradient.</param>
    public static void BackwardBias(GpuDevice gpu, int images, int channels, int plane, Values dy, Values db) =>
        RowSums.Run(gpu, channels, checked(images * plane),
            new ChannelTerm(dy, new ChannelElement(channels, plane)), db, add: true);

    /// <inheritdoc/>
    public void Dispose()
    {
        _outputs.Dispose();
        if (!_inputs.IsValueCreated)
            return;
        foreach (PatchTable table in _inputs.Value)
            table.Dispose();
    }

    private static IEnumerable<AxisCut[]> Combinations(AxisCut[][] axes) =>
        axes.Aggregate(new AxisCut[][] { [] }.AsEnumerable(),
            static (made, cuts) => made.SelectMany(first => cuts.Select(next => (AxisCut[])[.. first, next])));

    private PatchMatrix Patches(GpuDevice gpu, Values x) => new(
        x, _outputs.On(gpu), _geometry.InputPlane, _geometry.InputsOfGroup * _geometry.InputPlane, InputImage);

    private ChannelMatrix Inputs(Values x) => new(
        x, new GpuDivisor(_geometry.InputPlane), _geometry.InputsOfGroup * _geometry.InputPlane, InputImage);

    private ChannelMatrix Outputs(Values dy) => new(
        dy, new GpuDivisor(_geometry.OutputPlane), _geometry.OutputsOfGroup * _geometry.OutputPlane, OutputImage);
}
