using CaffeActors.Testing;

namespace CaffeActors.Cli.Tests.Commands;

/// <summary>Layers of a user's own through the program: <c>--layers</c> and <c>type: "Python"</c>.</summary>
public sealed class PlugInTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    private string Net(string type) => _cli.Write("net.prototxt", $$"""
        name: "plugged"
        layer { name: "data" type: "Waves" top: "data" top: "label" }
        layer { name: "gain" {{type}} bottom: "data" top: "gain" }
        layer { name: "ip" type: "InnerProduct" bottom: "gain" top: "ip"
          inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
        """);

    [Fact]
    public async Task Commands_TakeLibraries()
    {
        string net = Net("type: \"Gain\""), library = PluginSample.Path;
        Assert.Equal(0, await _cli.RunAsync("net", "summary", net, "--layers", library));
        Assert.Matches(@"gain\s+Gain\s+5×4\s+1 ", _cli.Out);
        string solver = _cli.Write("solver.prototxt", $"""
            net: "{net}" base_lr: 0.1 lr_policy: "fixed" max_iter: 2 solver_mode: CPU
            snapshot_prefix: "{_cli.At("snap")}"
            """);
        Assert.Equal(0, await _cli.TrainAsync(solver, "--layers", library));
        Assert.Equal(0, await _cli.RunAsync("test", "--model", net, "--weights", _cli.At("snap_iter_2.caffemodel"),
            "--iterations", "1", $"--layers={library}"));
        Assert.Equal(0, await _cli.RunAsync("time", "--model", net, "--iterations", "1", "--layers", library));
        Assert.Equal(0, await _cli.RunAsync("net", "run", "--model", net, "--output", _cli.At("out.h5"),
            "--layers", library));
    }

    [Fact]
    public async Task Python_NeedsNoFlagForItsOwnLibrary()
    {
        string net = _cli.Write("net.prototxt", $$"""
            layer { name: "data" type: "Python" top: "data" top: "label"
              python_param { module: "{{PluginSample.Path}}" layer: "WavesLayer" } }
            """);
        Assert.Equal(0, await _cli.RunAsync("net", "summary", net));
        Assert.Matches(@"data\s+Python\s+5×4, 5", _cli.Out);
    }

    [Fact]
    public async Task UnknownType_SaysHowToPlugItIn()
    {
        Assert.Equal(2, await _cli.RunAsync("net", "summary", Net("type: \"Gain\"")));
        Assert.Matches(@"net\.prototxt\(2,\d+\): error CFA1201: .*'Waves', which is not known.*--layers", _cli.Error);
    }

    [Theory]
    [InlineData("set-up")]
    [InlineData("forward")]
    [InlineData("backward")]
    public async Task WhatAClassThrows_IsToldAsItsFault(string where)
    {
        string net = Net($"type: \"Brittle\" python_param {{ param_str: \"{where}\" }}");
        Assert.Equal(2, await _cli.RunAsync("net", "run", "--model", net, "--output", _cli.At("out.h5"), "--backward",
            "--layers", PluginSample.Path));
        Assert.Matches(@"net\.prototxt\(3,\d+\): error CFA1208: layer 'gain' \(Brittle\): class .*BrittleLayer of "
            + $"'CaffeActors.PluginSample' threw InvalidOperationException: broken in {where}", _cli.Error);
        Assert.DoesNotContain("fault of the program", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatAClassThrows_EndsTrainingInOrder()
    {
        string solver = _cli.Write("solver.prototxt", $"""
            net: "{Net("type: \"Brittle\" python_param { param_str: \"backward\" }")}" base_lr: 0.1
            lr_policy: "fixed" max_iter: 2 solver_mode: CPU snapshot_prefix: "{_cli.At("snap")}"
            """);
        Assert.Equal(2, await _cli.TrainAsync(solver, "--layers", PluginSample.Path));
        Assert.Matches(@"net\.prototxt\(3,\d+\): error CFA1208: .*broken in backward", _cli.Error);
    }

    [Fact]
    public async Task MissingLibrary()
    {
        Assert.Equal(2, await _cli.RunAsync("net", "summary", Net("type: \"Gain\""), "--layers", "gone.dll"));
        Assert.Matches("error CFA1005: there is no class library 'gone.dll'", _cli.Error);
    }
}
