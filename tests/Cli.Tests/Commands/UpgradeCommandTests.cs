using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Hdf5;
using CaffeActors.Data.Snapshots;
using CaffeActors.Testing;
using Google.Protobuf;
using LayerType = CaffeActors.Compute.Schema.V1LayerParameter.Types.LayerType;

namespace CaffeActors.Cli.Tests.Commands;

/// <summary>Caffe's three upgrade tools.</summary>
public sealed class UpgradeCommandTests : IDisposable
{
    private const string Old = """
        # a net of 2013
        name: "old"
        input: "x" input_dim: [1, 1, 4, 4]
        layers { layer { name: "p" type: "padding" pad: 1 } bottom: "x" top: "p" }
        layers { layer { name: "c" type: "conv" num_output: 2 kernelsize: 3 } bottom: "p" top: "c" }
        """;

    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task NetText_IsWrittenInTodaysForm()
    {
        string input = _cli.Write("old.prototxt", Old), output = _cli.At("new.prototxt");
        Assert.Equal(0, await _cli.RunAsync("upgrade_net_proto_text", input, output));
        Assert.Equal(
            TextFormat.Parse<NetParameter>("""
                name: "old"
                layer { name: "input" type: "Input" top: "x" input_param { shape { dim: [1, 1, 4, 4] } } }
                layer { name: "c" type: "Convolution" bottom: "x" top: "c"
                  convolution_param { num_output: 2 kernel_size: 3 pad: 1 } }
                """),
            TextFormat.Parse<NetParameter>(await File.ReadAllTextAsync(output, TestContext.Current.CancellationToken)));
        Assert.Contains("became pad: 1", _cli.Error, StringComparison.Ordinal);
        Assert.Contains($"The upgraded net is in '{output}'.", _cli.Error, StringComparison.Ordinal);
        Assert.Empty(_cli.Out);
    }

    [Fact]
    public async Task NetText_MayReplaceItself()
    {
        string path = _cli.Write("old.prototxt", Old);
        Assert.Equal(0, await _cli.RunAsync("upgrade_net_proto_text", path, path));
        Assert.Equal(0, await _cli.RunAsync("upgrade_net_proto_text", path, path));
        Assert.Contains("has today's form already", _cli.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("upgrade_net_proto_text", "# kept\nlayer { name: 'a' type: \"ReLU\"\n  bottom: 'x' }")]
    [InlineData("upgrade_solver_proto_text", "# kept\nnet: 'n'   type: 'Adam'")]
    public async Task UpToDateText_IsCopiedByteForByte(string command, string text)
    {
        string input = _cli.Write("in.prototxt", text), output = _cli.At("out.prototxt");
        Assert.Equal(0, await _cli.RunAsync(command, input, output));
        Assert.Equal(text, await File.ReadAllTextAsync(output, TestContext.Current.CancellationToken));
        Assert.Contains($"'{input}' has today's form already", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Loss_IsWrittenAndToldByTheExitCode()
    {
        string input = _cli.Write("old.prototxt", "layers { layer { name: 'r' type: 'relu' num_output: 3 } }");
        Assert.Equal(1, await _cli.RunAsync("upgrade_net_proto_text", input, _cli.At("new.prototxt")));
        Assert.Contains("old.prototxt(1,", _cli.Error, StringComparison.Ordinal);
        Assert.Contains("warning: Layer 'r': 'num_output' means nothing", _cli.Error, StringComparison.Ordinal);
        Assert.Contains("type: \"ReLU\"", await File.ReadAllTextAsync(
            _cli.At("new.prototxt"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SGD", "SGD")]
    [InlineData("NESTEROV", "Nesterov")]
    [InlineData("ADAGRAD", "AdaGrad")]
    [InlineData("RMSPROP", "RMSProp")]
    [InlineData("ADADELTA", "AdaDelta")]
    [InlineData("ADAM", "Adam")]
    public async Task SolverType_BecomesItsName(string old, string today)
    {
        string input = _cli.Write("s.prototxt", $"net: 'n' base_lr: 0.5 solver_type: {old}");
        Assert.Equal(0, await _cli.RunAsync("upgrade_solver_proto_text", input, _cli.At("new.prototxt")));
        Assert.Equal($"base_lr: 0.5\nnet: \"n\"\ntype: \"{today}\"\n", await File.ReadAllTextAsync(
            _cli.At("new.prototxt"), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("upgrade_net_proto_text", "layer {", "CFA1101")]
    [InlineData("upgrade_net_proto_text", "layer { nam: 'a' }", "CFA1102")]
    [InlineData("upgrade_net_proto_binary", "layer {}", "CFA1402")]
    [InlineData("upgrade_net_proto_binary", "\u0012\u007f\u0001", "CFA1402")]
    [InlineData("upgrade_solver_proto_text", "type: 'SGD' solver_type: SGD", "CFA1301")]
    public async Task BadInput_EndsWith2AndWritesNothing(string command, string text, string code)
    {
        string input = _cli.Write("in", text);
        Assert.Equal(2, await _cli.RunAsync(command, input, _cli.At("out")));
        Assert.Contains(code, _cli.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_cli.At("out")));
    }

    [Theory]
    [InlineData("upgrade_net_proto_text")]
    [InlineData("upgrade_net_proto_binary")]
    [InlineData("upgrade_solver_proto_text")]
    public async Task MissingInputOrArgument_EndsWith2(string command)
    {
        Assert.Equal(2, await _cli.RunAsync(command, _cli.At("nowhere"), _cli.At("out")));
        Assert.Contains("nowhere", _cli.Error, StringComparison.Ordinal);
        Assert.Equal(2, await _cli.RunAsync(command, _cli.At("nowhere")));
    }

    [Fact]
    public async Task Hdf5Weights_AreRefused()
    {
        var file = new Hdf5Writer();
        file.AddFloats("data/a/0", [1], [1]);
        file.Save(_cli.At("w.h5"));
        Assert.Equal(2, await _cli.RunAsync("upgrade_net_proto_binary", _cli.At("w.h5"), _cli.At("out")));
        Assert.Contains("HDF5", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task V0Weights_KeepBlobsShapesAndDoubles()
    {
        NetParameter old = TextFormat.Parse<NetParameter>("""
            input: "x" input_dim: [1, 1, 1, 3]
            layers { layer { name: "r" type: "relu" } bottom: "x" top: "x" }
            layers { layer { name: "ip" type: "innerproduct" num_output: 2
                blobs { num: 1 channels: 1 height: 2 width: 3 double_data: [1, 2, 3, 4, 5, 0.1] }
                blobs { num: 1 channels: 1 height: 1 width: 2 data: [-1, 1e-30] } }
              bottom: "x" top: "y" }
            """);
        await File.WriteAllBytesAsync(
            _cli.At("old.caffemodel"), old.ToByteArray(), TestContext.Current.CancellationToken);
        Assert.Equal(0, await _cli.RunAsync(
            "upgrade_net_proto_binary", _cli.At("old.caffemodel"), _cli.At("new.caffemodel")));
        NetParameter net = WeightsFile.Read(_cli.At("new.caffemodel"));
        Assert.Equal(["input", "r", "ip"], net.Layer.Select(layer => layer.Name));
        Assert.Equal(old.Layers[1].Layer.Blobs, net.Layer[2].Blobs);
        Assert.Equal([1d, 2, 3, 4, 5, 0.1], net.Layer[2].Blobs[0].DoubleData);

        // The program reads both alike: legacy shapes fit the blobs of today.
        string model = _cli.Write("net.prototxt", """
            layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 } } }
            layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 2 } }
            """);
        var inputs = new Hdf5Writer();
        inputs.AddFloats("inputs/x", [1, 3], [1, 1, 1]);
        inputs.Save(_cli.At("in.h5"));
        foreach (string weights in (string[])["old.caffemodel", "new.caffemodel"])
        {
            Assert.Equal(0, await _cli.RunAsync("net", "run", "--model", model, "--weights", _cli.At(weights),
                "--inputs", _cli.At("in.h5"), "--output", _cli.At("out.h5")));
            using var output = new Hdf5Reader(_cli.At("out.h5"));
            Assert.Equal([5f, 4 + 5 + 0.1f], output.ReadFloats("data/y"));
        }
    }

    [Fact]
    public async Task LeNet_TrainedUpgradedFromV1AndReadBack_HasEqualBits()
    {
        string database = _cli.Database(classes: 10, side: 28);
        string lenet = await File.ReadAllTextAsync(
            Repository.PathOf("configs", "nets", "lenet.prototxt"), TestContext.Current.CancellationToken);
        NetParameter definition = TextFormat.Parse<NetParameter>(lenet);
        foreach (LayerParameter data in definition.Layer.Where(layer => layer.Type == "Data"))
            (data.DataParam.Source, data.DataParam.BatchSize) = (database, 8);
        _cli.Write("net.prototxt", TextFormat.Print(definition));
        string solver = _cli.Write("solver.prototxt", $"""
            net: "{_cli.At("net.prototxt")}" lr_policy: "fixed" base_lr: 0.01 momentum: 0.9 max_iter: 3
            test_iter: 1 test_interval: 100 test_initialization: false
            solver_mode: CPU snapshot_prefix: "{_cli.At("snap")}"
            """);
        Assert.True(await _cli.TrainAsync(solver) == 0, _cli.Error);
        NetParameter trained = WeightsFile.Read(_cli.At("snap_iter_3.caffemodel"));
        var old = new NetParameter { Name = trained.Name };
        old.Layers.AddRange(trained.Layer.Select(ToV1));
        await File.WriteAllBytesAsync(
            _cli.At("v1.caffemodel"), old.ToByteArray(), TestContext.Current.CancellationToken);

        Assert.True(await _cli.RunAsync(
            "upgrade_net_proto_binary", _cli.At("v1.caffemodel"), _cli.At("back.caffemodel")) == 0, _cli.Error);
        NetParameter back = WeightsFile.Read(_cli.At("back.caffemodel"));
        Assert.Empty(back.Layers);
        Assert.Equal(trained.Layer.Select(Weights), back.Layer.Select(Weights));
        Assert.Equal(431_080, back.Layer.Sum(layer => layer.Blobs.Sum(blob => blob.Data.Count)));

        // And the program runs the net by each of the three to the same bits.
        byte[][] outputs = new byte[3][];
        string[] files = ["snap_iter_3.caffemodel", "v1.caffemodel", "back.caffemodel"];
        for (int i = 0; i < files.Length; i++)
        {
            Assert.True(await _cli.RunAsync("net", "run", "--model", _cli.At("net.prototxt"), "--phase", "TEST",
                "--weights", _cli.At(files[i]), "--output", _cli.At("out.h5")) == 0, _cli.Error);
            using var output = new Hdf5Reader(_cli.At("out.h5"));
            outputs[i] = [.. output.ReadFloats("data/ip2").SelectMany(BitConverter.GetBytes)];
        }

        Assert.Equal(outputs[0], outputs[1]);
        Assert.Equal(outputs[0], outputs[2]);
    }

    // Names, connections, multipliers and blobs as V1 files have them; what else a layer has does not hold weights.
    private static V1LayerParameter ToV1(LayerParameter layer)
    {
        var old = new V1LayerParameter { Name = layer.Name, Type = TypeOf(layer.Type) };
        old.Bottom.Add(layer.Bottom);
        old.Top.Add(layer.Top);
        old.Blobs.Add(layer.Blobs);
        old.BlobsLr.Add(layer.Param.Select(spec => spec.LrMult));
        old.ConvolutionParam = layer.ConvolutionParam;
        old.PoolingParam = layer.PoolingParam;
        old.InnerProductParam = layer.InnerProductParam;
        return old;
    }

    private static LayerType TypeOf(string type) => type switch
    {
        "SoftmaxWithLoss" => LayerType.SoftmaxLoss,
        _ => Enum.GetValues<LayerType>().Single(value => string.Equals(
            value.ToString(), type, StringComparison.OrdinalIgnoreCase)),
    };

    private static string Weights(LayerParameter layer) =>
        $"{layer.Name} {layer.Type} {layer.ConvolutionParam} {layer.InnerProductParam} "
        + string.Join(' ', layer.Blobs.Select(blob => Convert.ToBase64String(blob.ToByteArray())));
}
