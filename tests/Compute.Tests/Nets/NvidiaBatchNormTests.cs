using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Nets;

/// <summary>BatchNorm weights of NVIDIA's fork (true averages) and of Caffe (sums and their factor).</summary>
public sealed class NvidiaBatchNormTests : NetTests
{
    private const string Head = """
        layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 dim: 1 dim: 1 } } }
        layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { use_global_stats: true eps: 0 } }
        """;

    private const string Scale =
        "layer { name: \"sc\" type: \"Scale\" bottom: \"y\" top: \"y\" scale_param { bias_term: true } }";

    [Theory]
    [InlineData("dim: 2")]
    [InlineData("dim: 1 dim: 2 dim: 1 dim: 1")]
    public void FiveBlobs_GoToBatchNormAndScale(string shape)
    {
        using Net net = Build(Head + Scale);
        WeightCopyReport report = net.CopyTrainedLayersFrom(Stored(
            $"shape {{ {shape} }} data: [1, 2]", $"shape {{ {shape} }} data: [4, 16]", "shape { dim: 1 } data: 0",
            $"shape {{ {shape} }} data: [10, 20]", $"shape {{ {shape} }} data: [-1, 1]"));
        Assert.Equal(["bn", "sc"], report.Loaded.Order());
        Assert.Empty(report.Missing);
        Assert.Equal([((5f - 1) / 2 * 10) - 1, ((10f - 2) / 4 * 20) + 1], Run(net, 5, 10));
    }

    [Theory]
    [InlineData("shape { dim: 2 } data: [1, 2]", "shape { dim: 2 } data: [4, 16]", "shape { dim: 1 } data: 1")]
    [InlineData("shape { dim: [1, 2, 1, 1] } data: [1, 2]", "shape { dim: [1, 2, 1, 1] } data: [4, 16]",
        "shape { dim: 1 } data: 1")]
    [InlineData("shape { dim: 2 } data: [8, 16]", "shape { dim: 2 } data: [32, 128]", "shape { dim: 1 } data: 8")]
    public void AveragesWithFactor1_AndSumsWithTheirs_MeanTheSame(string mean, string variance, string factor)
    {
        using Net net = Build(Head);
        net.CopyTrainedLayersFrom(Stored(mean, variance, factor));
        Assert.Equal([2f, 2], Run(net, 5, 10));
    }

    [Theory]
    [InlineData("")]
    [InlineData("layer { name: \"sc\" type: \"Scale\" bottom: \"y\" top: \"y\" }")]
    [InlineData("layer { name: \"r\" type: \"ReLU\" bottom: \"y\" top: \"z\" }")]
    public void FiveBlobs_WithoutAScaleToTakeThem_AreRefused(string rest)
    {
        using Net net = Build(Head + rest);
        const string Two = "shape { dim: 2 } data: [1, 2]";
        var failure = Assert.Throws<CaffeException>(() => net.CopyTrainedLayersFrom(
            Stored(Two, Two, "shape { dim: 1 } data: 1", Two, Two)));
        Assert.Equal(ErrorCodes.WeightMismatch, failure.Code);
        Assert.Contains("layer 'bn'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherShapes_AreRefused()
    {
        using Net net = Build(Head + Scale);
        const string Two = "shape { dim: 2 } data: [1, 2]";
        var failure = Assert.Throws<CaffeException>(() => net.CopyTrainedLayersFrom(
            Stored(Two, Two, "shape { dim: 1 } data: 1", Two, "shape { dim: 3 } data: [1, 2, 3]")));
        Assert.Equal(ErrorCodes.WeightMismatch, failure.Code);
        Assert.Contains("blob 4", failure.Message, StringComparison.Ordinal);
    }

    private static NetParameter Stored(params string[] blobs) => TextFormat.Parse<NetParameter>(
        $"layer {{ name: \"bn\" {string.Join(' ', blobs.Select(blob => $"blobs {{ {blob} }}"))} }}");

    private static float[] Run(Net net, params float[] values)
    {
        Blob input = net.Blob("x");
        values.CopyTo(input.MutableData);
        net.Forward();
        return net.Blob("y").Data.ToArray();
    }
}
