using System.Text.RegularExpressions;
using CaffeActors.Data.Hdf5;

namespace CaffeActors.Cli.Tests.Commands;

/// <summary>A run whose numbers went wrong leaves its last pass in its folder, and the command it names runs that pass
/// again.</summary>
public sealed class DumpTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    // The net of a test, over a database of records with three labels.
    private string Solver(string layers, string solver)
    {
        string database = _cli.Database();
        _cli.Write("net.prototxt", $$"""
            name: "wrong"
            layer { name: "data" type: "Data" top: "data" top: "label" data_param { source: "{{database}}" batch_size: 4
              backend: LMDB } include { phase: TRAIN } }
            layer { name: "scaled" type: "Power" bottom: "data" top: "data" power_param { scale: 0.01 } }
            {{layers}}
            """);
        return _cli.Write("solver.prototxt", $"""
            net: "{_cli.At("net.prototxt")}" lr_policy: "fixed" solver_mode: CPU random_seed: 7 max_iter: 200
            snapshot_prefix: "{_cli.At("snap")}" {solver}
            """);
    }

    // Trains until numbers go wrong; returns the error and the words of the command it names.
    private async Task<(string Error, string[] Command)> DivergeAsync(string layers, string solver)
    {
        Assert.Equal(ExitCodes.Diverged, await _cli.TrainAsync(Solver(layers, solver)));
        string error = _cli.Error.Split('\n').Single(line => line.Contains("error CFA1601", StringComparison.Ordinal));
        Match command = Regex.Match(error, "to run it again: caffeactors (.*)$");
        Assert.True(command.Success, error);
        return (error, command.Groups[1].Value.Trim().Split(' '));
    }

    private static int IterationOf(string error) => int.Parse(Regex.Match(error, @"iteration (\d+):").Groups[1].Value,
        System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public async Task Activation_IsTheSameWhenThePassIsRunAgain_DropoutIncluded()
    {
        // The side branch grows with the weights until its exponential overflows; the loss, behind the dropout, does
        // not.
        (string error, string[] command) = await DivergeAsync("""
            layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 20
              weight_filler { type: "gaussian" std: 0.001 } } }
            layer { name: "large" type: "Power" bottom: "ip" top: "large" power_param { scale: 50 } }
            layer { name: "exp" type: "Exp" bottom: "large" top: "exp" }
            layer { name: "eaten" type: "Silence" bottom: "exp" }
            layer { name: "drop" type: "Dropout" bottom: "ip" top: "drop" }
            layer { name: "ip2" type: "InnerProduct" bottom: "drop" top: "ip2" inner_product_param { num_output: 3
              weight_filler { type: "xavier" } } }
            layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }
            """, "base_lr: 0.1 display: 1");
        Assert.InRange(IterationOf(error), 1, 199);
        Assert.Contains("the first value that is not finite is in top 'exp' of layer 'exp'", error,
            StringComparison.Ordinal);
        Assert.Contains("and 1 more of layer 'data'", error, StringComparison.Ordinal);
        Assert.Contains($"{Path.Combine("dump", $"iter_{IterationOf(error)}")}'", error, StringComparison.Ordinal);
        string loss = Regex.Match(error, "the loss is ([^;]+);").Groups[1].Value;
        Assert.Equal(ExitCodes.Done, await _cli.RunAsync(command));
        Assert.Contains("The first value that is not finite is in top 'exp' of layer 'exp'.", _cli.Error,
            StringComparison.Ordinal);
        Assert.Contains($"Loss: {loss}\n", _cli.Error, StringComparison.Ordinal);
        using (var output = new Hdf5Reader(command[Array.IndexOf(command, "--output") + 1]))
        {
            Assert.Contains(output.ReadFloats("data/exp"), float.IsInfinity);
            Assert.All(output.ReadFloats("data/ip"), value => Assert.True(float.IsFinite(value)));
        }

        // Without the positions of the random streams other units are dropped.
        int random = Array.IndexOf(command, "--random");
        Assert.Equal(ExitCodes.Done, await _cli.RunAsync([.. command[..random], .. command[(random + 2)..]]));
        Assert.DoesNotContain($"Loss: {loss}\n", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CarriedState_IsTheSameWhenThePassIsRunAgain()
    {
        // The LSTM goes on from batch to batch; the side branch grows with the weights until its exponential overflows.
        (string error, string[] command) = await DivergeAsync("""
            layer { name: "steps" type: "Reshape" bottom: "data" top: "x"
              reshape_param { shape { dim: 4 dim: 1 dim: -1 } } }
            layer { name: "on" type: "DummyData" top: "on" dummy_data_param { shape { dim: 4 dim: 1 }
              data_filler { value: 1 } } }
            layer { name: "lstm" type: "LSTM" bottom: "x" bottom: "on" top: "lstm" recurrent_param { num_output: 5
              weight_filler { type: "uniform" min: -0.05 max: 0.05 } } }
            layer { name: "ip" type: "InnerProduct" bottom: "lstm" top: "ip" inner_product_param { axis: 2 num_output: 3
              weight_filler { type: "gaussian" std: 0.001 } } }
            layer { name: "large" type: "Power" bottom: "ip" top: "large" power_param { scale: 5000 } }
            layer { name: "exp" type: "Exp" bottom: "large" top: "exp" }
            layer { name: "eaten" type: "Silence" bottom: "exp" }
            layer { name: "rows" type: "Reshape" bottom: "ip" top: "rows" reshape_param { shape { dim: 4 dim: 3 } } }
            layer { name: "loss" type: "SoftmaxWithLoss" bottom: "rows" bottom: "label" top: "loss" }
            """, "base_lr: 0.1 display: 1");
        Assert.InRange(IterationOf(error), 1, 199);
        Assert.Contains("top 'exp' of layer 'exp'", error, StringComparison.Ordinal);
        string loss = Regex.Match(error, "the loss is ([^;]+);").Groups[1].Value;
        Assert.Equal(ExitCodes.Done, await _cli.RunAsync(command));
        Assert.Contains($"Loss: {loss}\n", _cli.Error, StringComparison.Ordinal);

        // From a state of zeros another loss comes of it.
        string inputs = command[Array.IndexOf(command, "--inputs") + 1];
        var without = new Hdf5Writer();
        using (var with = new Hdf5Reader(inputs))
        {
            Assert.Equal(["c", "h"], with.Children("state/lstm").Order(StringComparer.Ordinal));
            foreach (string name in with.Children("inputs"))
                without.AddFloats($"inputs/{name}", with.ShapeOf($"inputs/{name}"), with.ReadFloats($"inputs/{name}"));
        }

        without.Save(inputs);
        Assert.Equal(ExitCodes.Done, await _cli.RunAsync(command));
        Assert.DoesNotContain($"Loss: {loss}\n", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gradient_IsTheSameWhenThePassIsRunAgain()
    {
        (string error, string[] command) = await DivergeAsync("""
            layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 1 } }
            layer { name: "root" type: "Power" bottom: "ip" top: "root" power_param { power: 0.5 } }
            layer { name: "loss" type: "EuclideanLoss" bottom: "root" bottom: "label" top: "loss" }
            """, "base_lr: 0.1");
        const string Where = "he first value that is not finite is in the gradient of bottom 'ip' of layer 'root'";
        Assert.Contains(Where, error, StringComparison.Ordinal);
        Assert.Equal("--backward", command[^1]);
        Assert.DoesNotContain("--random", command);
        Assert.Equal(ExitCodes.Done, await _cli.RunAsync(command));
        Assert.Contains(Where, _cli.Error, StringComparison.Ordinal);
        using var output = new Hdf5Reader(command[Array.IndexOf(command, "--output") + 1]);
        Assert.Contains(output.ReadFloats("diff/ip"), value => !float.IsFinite(value));
        Assert.Contains(output.ReadFloats("param_diffs/ip/0"), value => !float.IsFinite(value));
    }

    [Fact]
    public async Task Loss_IsTheSameWhenThePassIsRunAgain()
    {
        (string error, string[] command) = await DivergeAsync("""
            layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 1 } }
            layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "label" top: "loss" }
            """, "base_lr: 1e18");
        Assert.InRange(IterationOf(error), 1, 199);
        Assert.Contains("top 'loss' of layer 'loss'", error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Done, await _cli.RunAsync(command));
        Assert.Contains("top 'loss' of layer 'loss'", _cli.Error, StringComparison.Ordinal);
        Assert.Contains("Loss: inf", _cli.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nowhere.json", null, 5, "CFA1005")]
    [InlineData("damaged.json", "[ {", 5, "CFA1402")]
    public async Task RandomPositionsThatCannotBeRead_AreAnError(string name, string? text, int code, string says)
    {
        string net = _cli.Write("small.prototxt", """
            layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 } } }
            """);
        var inputs = new Hdf5Writer();
        inputs.AddFloats("x", [1], [1]);
        inputs.Save(_cli.At("in.h5"));
        string random = text is null ? _cli.At(name) : _cli.Write(name, text);
        Assert.Equal(code, await _cli.RunAsync("net", "run", "--model", net, "--inputs", _cli.At("in.h5"), "--random",
            random, "--output", _cli.At("out.h5")));
        Assert.Contains(says, _cli.Error, StringComparison.Ordinal);
    }
}
