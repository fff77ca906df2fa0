using CaffeActors.Compute.Layers.Convolution;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Data.Onnx.Layers;

/// <summary>Layers with a <c>convolution_param</c>. ONNX's operators take (N, C, spatial axes...): axes before the
/// channels are taken as one, and where no spatial axis follows one of length 1 is put in.</summary>
internal abstract class ConvolvingExporter(LayerPlace place) : LayerExporter(place)
{
    /// <summary>Axis of the channels.</summary>
    protected int Channels => Axis(0, Convolution.Axis);

    /// <summary>Number of spatial axes.</summary>
    protected int SpatialAxes => Shape(0).Length - Channels - 1;

    /// <summary>The layer's settings.</summary>
    protected ConvolutionParameter Convolution => Parameter.ConvolutionParam ?? new ConvolutionParameter();

    /// <summary>Kernel, strides, pads and dilations.</summary>
    protected ConvolutionSettings Settings => new(Convolution, SpatialAxes, Cannot);

    private bool IsPlain => Channels == 1 && SpatialAxes > 0;

    /// <summary>A bottom as ONNX's operators take it.</summary>
    protected string Images(int bottom)
    {
        int[] shape = Shape(bottom);
        return IsPlain ? In(bottom) : Reshape(In(bottom),
            [Product(shape.AsSpan(0, Channels)), .. shape[Channels..], .. SpatialAxes == 0 ? [1] : Array.Empty<int>()]);
    }

    /// <summary>Says what a top is.</summary>
    protected void SetImages(int top, string images) =>
        Set(top, IsPlain ? images : Reshape(images, TopShape(top)));

    /// <summary>Adds the node, with all but pads.</summary>
    protected OnnxNode Convolve(string op, string images, string[] weights)
    {
        ConvolutionSettings settings = Settings;
        OnnxNode node = Node(op, [images, .. weights]).With("group", Convolution.Group);
        return SpatialAxes == 0
            ? node.With("kernel_shape", [1])
            : node.With("kernel_shape", settings.Kernel).With("strides", settings.Stride)
                .With("dilations", settings.Dilation);
    }

    /// <summary>The layer's weights and bias.</summary>
    protected string[] Weights()
    {
        int[] shape = [.. Layer.Blobs[0].Shape, .. SpatialAxes == 0 ? [1] : Array.Empty<int>()];
        string weights = Weight(0, "weight", shape);
        return Layer.Blobs.Count > 1 ? [weights, Weight(1, "bias")] : [weights];
    }

    /// <summary>Pads before and behind each axis for windows that slide over the bottom: a kernel that is longer than
    /// what it slides over has one window, and the cells it lacks count as 0.</summary>
    protected int[] SlidingPads()
    {
        ConvolutionSettings settings = Settings;
        int[] shape = Shape(0), begin = settings.Pad, end = [.. settings.Pad];
        for (int a = 0; a < end.Length; a++)
        {
            int extent = (settings.Dilation[a] * (settings.Kernel[a] - 1)) + 1;
            end[a] += Math.Max(0, extent - KnownLength(0, shape.Length - end.Length + a) - (2 * begin[a]));
        }

        return [.. begin, .. end];
    }
}

[OnnxExport("Convolution")]
internal sealed class ConvolutionExporter(LayerPlace place) : ConvolvingExporter(place)
{
    public override void Export()
    {
        string[] weights = Weights();
        for (int i = 0; i < Tops; i++)
            SetImages(i, Convolve("Conv", Images(i), weights).With("pads", PadsOrNone()).Output);
    }

    private int[] PadsOrNone() => SpatialAxes == 0 ? [0, 0] : SlidingPads();
}

[OnnxExport("Deconvolution")]
internal sealed class DeconvolutionExporter(LayerPlace place) : ConvolvingExporter(place)
{
    public override void Export()
    {
        string[] weights = Weights();
        int[] pads = SpatialAxes == 0 ? [0, 0] : [.. Settings.Pad, .. Settings.Pad];
        for (int i = 0; i < Tops; i++)
            SetImages(i, Convolve("ConvTranspose", Images(i), weights).With("pads", pads).Output);
    }
}

/// <summary>A convolution whose kernels each pick one cell.</summary>
[OnnxExport("Im2col")]
internal sealed class Im2colExporter(LayerPlace place) : ConvolvingExporter(place)
{
    public override void Export()
    {
        int[] kernel = Settings.Kernel;
        int channels = KnownLength(0, Channels), cells = kernel.Aggregate(1, (product, length) => product * length);
        float[] picks = new float[channels * cells * cells];
        for (int row = 0; row < channels * cells; row++)
            picks[(row * cells) + (row % cells)] = 1;
        string weights = Graph.Floats($"{Layer.Name}.picks", [channels * cells, 1, .. kernel], picks);
        OnnxNode node = Node("Conv", Images(0), weights).With("group", channels).With("kernel_shape", kernel)
            .With("strides", Settings.Stride).With("dilations", Settings.Dilation).With("pads", SlidingPads());
        SetImages(0, node.Output);
    }
}
