using CaffeActors.Api;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;
using Microsoft.ML.OnnxRuntime;

namespace CaffeActors.Cli.Tests.Commands;

/// <summary>export onnx.</summary>
public sealed class ExportOnnxCommandTests : IDisposable
{
    private const string Ends = """
        name: "ends"
        layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 4 dim: 1 dim: 8 dim: 8 } } }
        layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 3 } }
        layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
        """;

    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task TrainedRun_GivesWhatItsNetGives()
    {
        string solver = _cli.Solver(_cli.Database());
        Assert.Equal(ExitCodes.Done, await _cli.TrainAsync(solver));
        string output = _cli.At("tiny.onnx");
        await ExportAsync("latest", output, "--output-root", _cli.At("runs"), "--batch", "dynamic");
        Assert.Equal(output + Environment.NewLine, _cli.Out);
        Assert.Contains("layer 'loss' (SoftmaxWithLoss) is left out", _cli.Error);
        Assert.Contains("input  data (batch, 1, 8, 8)", _cli.Error);
        Assert.Contains("output ip (batch, 3)", _cli.Error);
        Compare(output, _cli.At("snap_iter_6.caffemodel"), "ip", items: 2);
        using var session = new InferenceSession(output);
        Assert.Equal("0.01", session.ModelMetadata.CustomMetadataMap["scale"]);
        Assert.Equal("tiny", session.ModelMetadata.GraphName);
    }

    [Theory]
    [InlineData("snap_iter_6.caffemodel")]
    [InlineData("snap_iter_6.solverstate")]
    public async Task Weights_OfAFile_AreInTheExportedNet(string weights)
    {
        Assert.Equal(ExitCodes.Done, await _cli.TrainAsync(_cli.Solver(_cli.Database())));
        string output = _cli.At("ends.onnx");
        await ExportAsync(_cli.Write("ends.prototxt", Ends), _cli.At(weights), output, "--opset", "18");
        Assert.DoesNotContain("No weights are given", _cli.Error);
        Compare(output, _cli.At("snap_iter_6.caffemodel"), "prob", items: 4);
    }

    [Fact]
    public async Task Solver_AndConfiguration_AreModelsToo()
    {
        string solver = _cli.Solver(_cli.Database()), output = _cli.At("net.onnx");
        await ExportAsync(solver, output, "--batch", "2");
        Assert.Contains("No weights are given", _cli.Error);
        Assert.Contains("input  data (2, 1, 8, 8)", _cli.Error);
        string configuration = _cli.Write("run.hocon", $"train.solver = \"{solver}\"");
        await ExportAsync(configuration, output, "--phase", "TRAIN");
        Assert.Contains("input  data (4, 1, 8, 8)", _cli.Error);
    }

    [Theory]
    [InlineData("net.pb", "", "ends with .onnx")]
    [InlineData("net.onnx", "--batch some", "--batch is a number, at least 1, or dynamic, not 'some'")]
    [InlineData("net.onnx", "--batch 0", "--batch is a number, at least 1, or dynamic, not '0'")]
    [InlineData("net.onnx", "--opset 3", "version 3 of ONNX's operators cannot be written")]
    public async Task WrongUse_IsRefused(string output, string options, string why)
    {
        string net = _cli.Write("ends.prototxt", Ends);
        string[] more = options.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(ExitCodes.Configuration, await _cli.RunAsync(["export", "onnx", net, _cli.At(output), .. more]));
        Assert.Contains(why, _cli.Error);
        Assert.False(File.Exists(_cli.At(output)));
    }

    [Fact]
    public async Task LayerThatOnnxLacks_IsNamedWithItsPlace()
    {
        string net = _cli.Write("own.prototxt", """
            layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 4 dim: 3 } } }
            layer { name: "gain" type: "Gain" bottom: "data" top: "gain" }
            """);
        Assert.Equal(ExitCodes.Configuration, await _cli.RunAsync(
            ["export", "onnx", net, _cli.At("own.onnx"), "--layers", PluginSample.Path]));
        Assert.Contains(
            "own.prototxt(2,1): error CFA1210: layer 'gain' (Gain) cannot be written as ONNX: there is no operator of "
            + "ONNX for this type", _cli.Error);
    }

    private async Task ExportAsync(params string[] words)
    {
        int code = await _cli.RunAsync(["export", "onnx", .. words]);
        Assert.True(code == ExitCodes.Done, _cli.Error);
    }

    // The file in ONNX Runtime beside the weights in a net of our own.
    private void Compare(string file, string weights, string output, int items)
    {
        using CaffeNet net = CaffeNet.Open(
            _cli.Write("compared.prototxt", Ends), Phase.Test, new CaffeNetOptions { Weights = weights });
        net.Reshape("data", items, 1, 8, 8);
        LayerHarness.FillRandom(net.Blobs["data"].MutableData, seed: 5);
        net.Net.Forward();
        using var session = new InferenceSession(file);
        using OrtValue input =
            OrtValue.CreateTensorValueFromMemory(net.Blobs["data"].Data.ToArray(), [items, 1, 8, 8]);
        using var options = new Microsoft.ML.OnnxRuntime.RunOptions();
        using IDisposableReadOnlyCollection<OrtValue> results = session.Run(options, ["data"], [input], [output]);
        ReadOnlySpan<float> ours = net.Blobs[output].Data, theirs = results[0].GetTensorDataAsSpan<float>();
        Assert.Equal(ours.Length, theirs.Length);
        for (int i = 0; i < ours.Length; i++)
            Assert.Equal(ours[i], theirs[i], 1e-4);
    }
}
