using System.Text.Json;
using CaffeActors.Data.Hdf5;
using CaffeActors.Testing;

namespace CaffeActors.Cli.Tests.Commands;

/// <summary>net run, net summary, time, test and the database commands.</summary>
public sealed class NetCommandsTests : IDisposable
{
    private const string Net = """
        name: "n"
        force_backward: true
        layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
        layer { name: "a/ip" type: "InnerProduct" bottom: "x" top: "a/y" inner_product_param { num_output: 2
          weight_filler { type: "constant" value: 0.5 } bias_filler { type: "constant" value: 1 } } }
        layer { name: "relu" type: "ReLU" bottom: "a/y" top: "z" include { phase: TRAIN } }
        """;

    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    private string Inputs(params (string Path, int[] Shape, float[] Values)[] sets)
    {
        var writer = new Hdf5Writer();
        foreach ((string path, int[] shape, float[] values) in sets)
            writer.AddFloats(path, shape, values);
        writer.Save(_cli.At("in.h5"));
        return _cli.At("in.h5");
    }

    [Theory]
    [InlineData("inputs/x")]
    [InlineData("x")]
    public async Task NetRun_WritesBlobsGradientsAndParameters(string inputPath)
    {
        string model = _cli.Write("net.prototxt", Net);
        string inputs = Inputs((inputPath, [2, 3], [1, 2, 3, -1, -2, -3]), ("top_diffs/z", [2, 2], [1, 2, 3, 4]));
        int code = await _cli.RunAsync(
            "net", "run", "--model", model, "--inputs", inputs, "--output", _cli.At("out.h5"), "--phase", "TRAIN",
            "--backward");
        Assert.True(code == ExitCodes.Done, _cli.Error);
        using var output = new Hdf5Reader(_cli.At("out.h5"));
        Assert.Equal([4f, 4, -2, -2], output.ReadFloats("data/a/y"));
        Assert.Equal([4f, 4, 0, 0], output.ReadFloats("data/z"));
        Assert.Equal([1f, 2, 0, 0], output.ReadFloats("diff/a/y"));
        Assert.Equal([1f, 2], output.ReadFloats("param_diffs/a/ip/1"));
        Assert.Equal([2, 3], output.ShapeOf("params/a/ip/0"));
    }

    // Of phase TEST as of a net that only runs forward, though it has a loss.
    [Fact]
    public async Task NetSummary_ShowsPasses()
    {
        string model = _cli.Write("net.prototxt", """
            name: "n"
            layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 32 dim: 16 } } }
            layer { name: "conv" type: "Convolution" bottom: "x" top: "y"
              convolution_param { num_output: 4 kernel_size: 1 } }
            layer { name: "bn" type: "BatchNorm" bottom: "y" top: "y" }
            layer { name: "relu" type: "ReLU" bottom: "y" top: "y" }
            layer { name: "sum" type: "Reduction" bottom: "y" top: "sum" loss_weight: 1 }
            """);
        Assert.Equal(0, await _cli.RunAsync("net", "summary", model, "--passes", "--phase", "TEST"));
        Assert.Matches(@"fold-batch-norm\s+conv\s+bn\s+32\.0 KiB\s+0\s+0\.1 KiB", _cli.Out);
        Assert.Matches(@"fuse-relu\s+conv\s+relu\s+32\.0 KiB\s+0\s+0 ", _cli.Out);
        Assert.Contains("less by 64.1 KiB forward and 0 backward; 0.1 KiB of weights kept besides", _cli.Out,
            StringComparison.Ordinal);
        Assert.Equal(0, await _cli.RunAsync("net", "summary", model, "--passes", "--json"));
        using var json = JsonDocument.Parse(_cli.Out);
        JsonElement pass = json.RootElement.GetProperty("passes")[0];
        Assert.Equal("fuse-relu", pass.GetProperty("pass").GetString());
        Assert.Equal("bn", pass.GetProperty("layer").GetString());
        Assert.Equal("relu", pass.GetProperty("absorbed")[0].GetString());
        Assert.Equal(2 * 4 * 4096, pass.GetProperty("forward_bytes_saved").GetInt64());
    }

    [Fact]
    public async Task NetSummary_OfANetThatNoPassChanges_SaysSo()
    {
        string model = _cli.Write("net.prototxt", Net);
        Assert.Equal(0, await _cli.RunAsync("net", "summary", model, "--passes"));
        Assert.Contains("passes: none changes anything in this net", _cli.Out, StringComparison.Ordinal);
        Assert.Equal(0, await _cli.RunAsync("net", "summary", model, "--json"));
        Assert.DoesNotContain("\"passes\"", _cli.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NetRun_WithoutPhase_IsTest()
    {
        string model = _cli.Write("net.prototxt", Net);
        Assert.Equal(0, await _cli.RunAsync(
            "net", "run", "--model", model, "--inputs", Inputs(("x", [1, 3], [1, 1, 1])), "--output",
            _cli.At("out.h5")));
        using var output = new Hdf5Reader(_cli.At("out.h5"));
        Assert.False(output.HasDataset("data/z"));
        Assert.Equal([1, 2], output.ShapeOf("data/a/y"));
        Assert.False(output.HasGroup("diff"));
    }

    [Fact]
    public async Task NetRun_WithItsOwnData_NeedsNoInputs()
    {
        _cli.Solver(_cli.Database());
        Assert.Equal(0, await _cli.RunAsync(
            "net", "run", "--model", _cli.At("net.prototxt"), "--output", _cli.At("out.h5"), "--phase", "TRAIN",
            "--backward"));
        using var output = new Hdf5Reader(_cli.At("out.h5"));
        Assert.Equal([4, 1, 8, 8], output.ShapeOf("data/data"));
        Assert.Equal([], output.ShapeOf("data/loss"));
    }

    [Fact]
    public async Task NetRun_TellsWhatIsMissing()
    {
        string model = _cli.Write("net.prototxt", Net);
        Assert.Equal(5, await _cli.RunAsync(
            "net", "run", "--model", model, "--inputs", Inputs(("y", [1], [1])), "--output", _cli.At("out.h5")));
        Assert.Contains("inputs/x", _cli.Error, StringComparison.Ordinal);
        Assert.Equal(2, await _cli.RunAsync("net", "run", "--model", model, "--output", _cli.At("out.h5")));
        Assert.Contains("--inputs", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NetSummary_CountsLeNet()
    {
        string lenet = Repository.PathOf("configs", "nets", "lenet.prototxt");
        string[] shapes = ["--input-shape", "data=64,1,28,28"];
        Assert.True(await _cli.RunAsync(["net", "summary", lenet, .. shapes]) == 0, _cli.Error);
        Assert.Contains("431,080 parameters", _cli.Out, StringComparison.Ordinal);
        Assert.Contains("64×20×24×24", _cli.Out, StringComparison.Ordinal);
        Assert.Contains("blobs share memory: ", _cli.Out, StringComparison.Ordinal);
        // The table says it all; how the net was built is for logs.
        Assert.DoesNotContain("Setting up", _cli.Error, StringComparison.Ordinal);
        Assert.Equal(0, await _cli.RunAsync(["net", "summary", lenet, "--json", .. shapes]));
        using JsonDocument json = JsonDocument.Parse(_cli.Out);
        Assert.Equal(431_080, json.RootElement.GetProperty("parameters").GetInt64());
        JsonElement shared = json.RootElement.GetProperty("shared");
        foreach (string use in (string[])["forward", "training"])
        {
            Assert.InRange(
                shared.GetProperty(use + "_bytes").GetInt64(), 1,
                shared.GetProperty(use + "_bytes_unshared").GetInt64() - 1);
        }

        JsonElement conv1 = json.RootElement.GetProperty("layers").EnumerateArray()
            .Single(layer => layer.GetProperty("name").GetString() == "conv1");
        Assert.Equal(64L * 20 * 24 * 24 * 25 * 2, conv1.GetProperty("forward_flops").GetInt64());
        Assert.Equal(2, await _cli.RunAsync("net", "summary", lenet));
        Assert.Contains("--input-shape data=", _cli.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("new_height: 30 new_width: 44", "", "5×3×30×44")]
    [InlineData("is_color: false", "crop_size: 7", "5×1×7×7")]
    public async Task NetSummary_TakesTheShapeOfImagesFromTheNet(string images, string transform, string shape)
    {
        string net = _cli.At("images.prototxt");
        await File.WriteAllTextAsync(net, $$"""
            layer {
              name: "data" type: "ImageData" top: "data" top: "label" transform_param { {{transform}} }
              image_data_param { source: "none" batch_size: 5 {{images}} }
            }
            """, TestContext.Current.CancellationToken);
        Assert.True(await _cli.RunAsync("net", "summary", net) == 0, _cli.Error);
        Assert.Contains(shape, _cli.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("foo", 2, "cpu or gpu:N")]
    [InlineData("gpu:-1", 2, "cpu or gpu:N")]
    [InlineData("gpu:", 2, "cpu or gpu:N")]
    [InlineData("gpu:99", 7, "there is no GPU 99")]
    public async Task NetRun_RefusesDevicesThatAreNotThere(string device, int code, string says)
    {
        string net = _cli.At("net.prototxt");
        await File.WriteAllTextAsync(net, Net, TestContext.Current.CancellationToken);
        Assert.Equal(code, await _cli.RunAsync(
            "net", "run", "--model", net, "--output", _cli.At("out.h5"), "--device", device));
        Assert.Contains(says, _cli.Error, StringComparison.Ordinal);
        Assert.Equal(5, await _cli.RunAsync(
            "net", "run", "--model", net, "--output", _cli.At("out.h5"), "--weights", Path.GetDirectoryName(net)!));
        Assert.Contains("is a folder, not a file", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Time_PrintsCaffesLines()
    {
        _cli.Solver(_cli.Database());
        Assert.Equal(0, await _cli.RunAsync(
            "time", "-model", _cli.At("net.prototxt"), "-iterations", "2", "--trace", _cli.At("trace.json")));
        foreach (string line in (string[])[
            @"\] Performing Forward\n", @"\] Initial loss: [\d.]+\n", @"\] Performing Backward\n",
            @"\] \*\*\* Benchmark begins \*\*\*\n", @"\] Testing for 2 iterations\.\n",
            @"\] Iteration: 2 forward-backward time: [\d.e-]+ ms\.\n", @"\] Average time per layer: \n",
            @"\]         ip\tforward: [\d.e-]+ ms\.\n", @"\]         ip\tbackward: [\d.e-]+ ms\.\n",
            @"\] Average Forward pass: [\d.e-]+ ms\.\n", @"\] Total Time: [\d.e-]+ ms\.\n",
            @"\] \*\*\* Benchmark ends \*\*\*\n.*\] Waited for data: [\d.e-]+ ms an iteration, "
                + @"[\d.e-]+ % of its time \(reading a batch takes [\d.e-]+ ms, on threads of its own\)\n"])
        {
            Assert.Matches(line, _cli.Error);
        }

        using JsonDocument trace =
            JsonDocument.Parse(await File.ReadAllTextAsync(
            _cli.At("trace.json"), TestContext.Current.CancellationToken));
        Assert.Equal(12, trace.RootElement.GetProperty("traceEvents").GetArrayLength());
    }

    [Fact]
    public async Task Test_PrintsBatchesAndMeans()
    {
        Assert.Equal(0, await _cli.TrainAsync(_cli.Solver(_cli.Database())));
        Assert.Equal(0, await _cli.RunAsync(
            "test", "-model", _cli.At("net.prototxt"), "-weights", _cli.At("snap_iter_6.caffemodel"), "-iterations",
            "3"));
        Assert.Matches(@"\] Batch 2, loss = [\d.]+\n", _cli.Error);
        Assert.Matches(@"\] Loss: [\d.]+\n", _cli.Error);
        Assert.Matches(@"\] loss = ([\d.]+) \(\* 1 = \1 loss\)\n", _cli.Error);
    }

    [Fact]
    public async Task Databases_AreShown()
    {
        string database = _cli.Database();
        Assert.Equal(0, await _cli.RunAsync("db", "stat", database));
        Assert.Contains("records      40", _cli.Out, StringComparison.Ordinal);
        Assert.Contains("1×8×8: 40", _cli.Out, StringComparison.Ordinal);
        Assert.Equal(0, await _cli.RunAsync("db", "get", database, "00000005"));
        Assert.Contains("label 2", _cli.Out, StringComparison.Ordinal);
        Assert.Equal(5, await _cli.RunAsync("db", "get", database, "nobody"));
    }
}
