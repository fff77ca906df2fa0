using CaffeActors.Actors.Messages;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>What makes a run useless is warned of, once.</summary>
public sealed class TrainingWarningsTests : IDisposable
{
    private readonly TrainingFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private string[] Warnings => [.. _fixture.Log.ToString().Split('\n').Where(line => line.StartsWith('W'))];

    private async Task TrainAsync(string layers, string solver)
    {
        File.WriteAllText(_fixture.At("net.prototxt"), $$"""
            name: "useless"
            layer { name: "data" type: "Data" top: "data" top: "label" transform_param { scale: 0.01 }
              data_param { source: "{{_fixture.At("db")}}" batch_size: 8 backend: LMDB } }
            {{layers}}
            """);
        File.WriteAllText(_fixture.At("solver.prototxt"), $"""
            net: "{_fixture.At("net.prototxt")}" lr_policy: "fixed" max_iter: 40 display: 5 base_lr: 1e-6
            snapshot_prefix: "{_fixture.At("snap")}" {solver}
            """);
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), await _fixture.RunAsync(_fixture.Plan()));
    }

    [Theory]
    [InlineData("bottom: 'ip' top: 'ip'", "ip")]
    [InlineData("bottom: 'ip' top: 'relu'", "relu")]
    public async Task LayerThatPutsOutZeros_IsToldOnce(string relu, string last)
    {
        await TrainAsync($$"""
            layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 5
              bias_filler { type: "constant" value: -100 } } }
            layer { name: "dead" type: "ReLU" {{relu}} }
            layer { name: "leaky" type: "ReLU" bottom: "{{last}}" top: "leaky" relu_param { negative_slope: 0.1 } }
            layer { name: "ip2" type: "InnerProduct" bottom: "leaky" top: "ip2" inner_product_param { num_output: 4
              weight_filler { type: "xavier" } } }
            layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }
            """, "");
        Assert.Contains("Iteration 0: layer 'dead' puts out nothing but zeros", Assert.Single(Warnings),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task LayersThatWork_AreNotToldOf()
    {
        _fixture.WriteSolver("");
        await _fixture.RunAsync(_fixture.Plan());
        Assert.Empty(Warnings);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("loss_param { normalization: BATCH_SIZE }", 0)]
    public async Task SaturatedLoss_IsToldAfterThreeDisplays(string loss, int warnings)
    {
        await TrainAsync($$"""
            layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 4
              weight_filler { type: "gaussian" std: 10000 } } }
            layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" {{loss}} }
            """, "");
        Assert.Equal(warnings, Warnings.Length);
        Assert.All(Warnings, line => Assert.Matches(
            @"Iteration 10: loss 'loss' is \d\d\.?\d*, and was near the 87\.3365", line));
    }
}
