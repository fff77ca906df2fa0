using CaffeActors.Compute.Schema;
using CaffeActors.Data.Hdf5;
using Google.Protobuf;
using Nvidia = CaffeActors.Compute.Schema.Nvidia;

namespace CaffeActors.Cli.Tests.Commands;

/// <summary>Nets, weights and solvers of NVIDIA's fork through the program.</summary>
public sealed class ForkFilesTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task NetAndWeightsOfTheFork_Run()
    {
        string model = _cli.Write("net.prototxt", """
            default_forward_type: FLOAT16
            layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 dim: 1 dim: 1 } } }
            layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" cudnn_math_override: 0
              batch_norm_param { scale_bias: true engine: CUDNN eps: 1e-5 } }
            """);
        var weights = new Nvidia.NetParameter { Name = "n" };
        var layer = new Nvidia.LayerParameter { Name = "bn", Type = "BatchNorm", ForwardType = Nvidia.Type.Float16 };
        foreach (float[] values in (float[][])[[1, 2], [4, 16], [1], [10, 20], [-1, 1]])
        {
            layer.Blobs.Add(new Nvidia.BlobProto
            {
                Shape = new Nvidia.BlobShape { Dim = { values.Length } },
                RawData = ByteString.CopyFrom([.. values.SelectMany(value => BitConverter.GetBytes((Half)value))]),
                RawDataType = Nvidia.Type.Float16,
            });
        }

        weights.Layer.Add(layer);
        await File.WriteAllBytesAsync(
            _cli.At("w.caffemodel"), weights.ToByteArray(), TestContext.Current.CancellationToken);
        var inputs = new Hdf5Writer();
        inputs.AddFloats("inputs/x", [1, 2, 1, 1], [5, 10]);
        inputs.Save(_cli.At("in.h5"));
        int code = await _cli.RunAsync("net", "run", "--model", model, "--weights", _cli.At("w.caffemodel"), "--inputs",
            _cli.At("in.h5"), "--output", _cli.At("out.h5"));
        Assert.True(code == 0, _cli.Error);
        Assert.Contains($"'{model}' is written for NVIDIA's fork of Caffe", _cli.Error, StringComparison.Ordinal);
        Assert.Contains("LayerParameter.cudnn_math_override", _cli.Error, StringComparison.Ordinal);
        using var output = new Hdf5Reader(_cli.At("out.h5"));
        float[] y = output.ReadFloats("data/y");
        Assert.Equal(19, y[0], 1e-3f);
        Assert.Equal(41, y[1], 1e-3f);
    }

    [Fact]
    public async Task SolverOfTheFork_Trains()
    {
        string solver = _cli.Solver(_cli.Database(),
            "max_iter: 4 base_lr: 0.01 rampup_interval: 2 rampup_lr: 0.001 solver_data_type: FLOAT larc: true");
        Assert.True(await _cli.TrainAsync(solver) == 0, _cli.Error);
        Assert.Contains("is written for NVIDIA's fork of Caffe", _cli.Error, StringComparison.Ordinal);
        Assert.Contains("Iteration 0, lr = 0.001", _cli.Error, StringComparison.Ordinal);
        Assert.Contains("Iteration 2, lr = 0.01", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NetOfTheFork_TrainsInHalf()
    {
        string solver = _cli.Solver(_cli.Database());
        string net = await File.ReadAllTextAsync(_cli.At("net.prototxt"), TestContext.Current.CancellationToken);
        _cli.Write("net.prototxt", "default_forward_type: FLOAT16 default_backward_type: FLOAT16 "
            + "global_grad_scale: 128 global_grad_scale_adaptive: true " + net);
        Assert.True(await _cli.TrainAsync(solver) == 0, _cli.Error);
        Assert.Contains("is written for NVIDIA's fork of Caffe and was read through its schema.", _cli.Error,
            StringComparison.Ordinal);
        Assert.Contains("Blobs are kept in fp16, their gradients in fp16", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FieldThatNoSchemaHas_IsAnError()
    {
        string model = _cli.Write("net.prototxt", "layer { name: 'a' type: 'ReLU' forward_tipe: FLOAT }");
        Assert.Equal(2, await _cli.RunAsync("net", "summary", model));
        Assert.Contains("CFA1102", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UpgradingASolverOfTheFork_KeepsWhatIsUsed()
    {
        string solver = _cli.Write("s.prototxt", "net: 'n' rampup_interval: 3 rampup_lr: 0.5");
        Assert.Equal(0, await _cli.RunAsync("upgrade_solver_proto_text", solver, _cli.At("new.prototxt")));
        Assert.Contains("is written for NVIDIA's fork", _cli.Error, StringComparison.Ordinal);
        Assert.Contains("rampup_interval: 3", await File.ReadAllTextAsync(
            _cli.At("new.prototxt"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task UpgradingANetOfTheFork_TellsTheLoss()
    {
        string model = _cli.Write("net.prototxt", "layer { name: 'a' type: 'ReLU' cudnn_math_override: 0 }");
        Assert.Equal(1, await _cli.RunAsync("upgrade_net_proto_text", model, _cli.At("new.prototxt")));
        Assert.Contains("LayerParameter.cudnn_math_override", _cli.Error, StringComparison.Ordinal);
        Assert.Equal("layer {\n  name: \"a\"\n  type: \"ReLU\"\n}\n", await File.ReadAllTextAsync(
            _cli.At("new.prototxt"), TestContext.Current.CancellationToken));
    }
}
