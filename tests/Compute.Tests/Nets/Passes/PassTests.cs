using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Passes;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Nets.Passes;

/// <summary>Nets with passes and without: what the tests of all passes share.</summary>
public abstract class PassTests : IDisposable
{
    protected const string Images = """
        layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 3 dim: 4 dim: 9 dim: 7 } } }
        """;

    protected const string Loss = """
        layer { name: "end" type: "Reduction" bottom: "y" top: "end" reduction_param { operation: SUMSQ }
                loss_weight: 0.01 }
        """;

    protected const string ReLU = """layer { name: "relu" type: "ReLU" bottom: "y" top: "y" }""";

    protected const string Convolution = """
        layer { name: "conv" type: "Convolution" bottom: "x" top: "y" convolution_param {
          num_output: 6 kernel_size: 3 pad: 1 weight_filler { type: "xavier" }
          bias_filler { type: "uniform" min: -0.5 max: 0.5 } } }
        """;

    private readonly CpuDevice _device = new(2);

    protected List<string> Notices { get; } = [];

    public void Dispose()
    {
        _device.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A net in phase TRAIN unless its text says another.</summary>
    protected Net Build(string text, NetPasses passes = NetPasses.All, Func<NetOptions, NetOptions>? change = null)
    {
        NetParameter net = TextFormat.Parse<NetParameter>(text, "net.prototxt");
        net.State ??= new NetState { Phase = Phase.Train };
        var options = new NetOptions(
            new LayerContext(_device, seed: 1) { Notice = Notices.Add }, LayerCatalog.Compute)
        { Passes = passes };
        return NetBuilder.Build(net, change?.Invoke(options) ?? options);
    }

    /// <summary>The effects of one pass in a net that is built.</summary>
    protected PassEffect[] Effects(string text, NetPasses pass, Func<NetOptions, NetOptions>? change = null)
    {
        using Net net = Build(text, pass, change);
        Assert.All(net.PassEffects, effect => Assert.Equal(pass, effect.Pass));
        return [.. net.PassEffects];
    }

    /// <summary>Trains two nets and compares all their numbers after each iteration, bit for bit.</summary>
    protected void AssertTrainTheSame(Net expected, Net actual, int iterations = 3)
    {
        var solver = new SolverParameter
        {
            Type = "SGD",
            BaseLr = 0.05f,
            LrPolicy = "fixed",
            Momentum = 0.9f,
        };
        using var first = new Optimizer(solver, expected.LearnableParams, _device);
        using var second = new Optimizer(solver, actual.LearnableParams, _device);
        for (int i = 0; i < iterations; i++)
        {
            float loss = Iterate(expected, i);
            Assert.Equal(loss, Iterate(actual, i));
            foreach (string name in expected.BlobNames)
            {
                Assert.Equal(expected.Blob(name).Data, actual.Blob(name).Data);
                Assert.Equal(expected.Blob(name).Diff, actual.Blob(name).Diff);
            }

            for (int p = 0; p < expected.LearnableParams.Count; p++)
                Assert.Equal(expected.LearnableParams[p].Blob.Diff, actual.LearnableParams[p].Blob.Diff);
            first.ApplyUpdate(i, clearGradients: true);
            second.ApplyUpdate(i, clearGradients: true);
            for (int p = 0; p < expected.LearnableParams.Count; p++)
                Assert.Equal(expected.LearnableParams[p].Blob.Data, actual.LearnableParams[p].Blob.Data);
        }
    }

    /// <summary>Fills the inputs and runs both ways.</summary>
    protected static float Iterate(Net net, int iteration)
    {
        Fill(net, iteration);
        float loss = net.Forward();
        net.Backward();
        return loss;
    }

    /// <summary>Fills the inputs.</summary>
    protected static void Fill(Net net, int seed)
    {
        foreach (string input in net.InputNames)
            LayerHarness.FillRandom(net.Blob(input).MutableData, seed + 1, -1, 1);
    }

    /// <summary>Gives all learnable blobs values that are not their filling: positive ones.</summary>
    protected static void Scatter(Net net)
    {
        for (int p = 0; p < net.LearnableParams.Count; p++)
        {
            if (net.LearnableParams[p].Blob.Count > 1)
                LayerHarness.FillRandom(net.LearnableParams[p].Blob.MutableData, 50 + p, 0.1f, 1);
            else
                net.LearnableParams[p].Blob.MutableData.Fill(2);
        }
    }

    /// <summary>Asserts that two blobs agree but for rounding.</summary>
    protected static void AssertClose(Blob expected, Blob actual)
    {
        float limit = 1e-5f * expected.Data.ToArray().Max(MathF.Abs);
        Assert.True(limit > 0);
        for (int i = 0; i < expected.Count; i++)
            Assert.Equal(expected.Data[i], actual.Data[i], limit);
    }
}
