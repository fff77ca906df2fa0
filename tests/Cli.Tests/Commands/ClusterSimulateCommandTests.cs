using System.Text.Json;
using CaffeActors.Testing;

namespace CaffeActors.Cli.Tests.Commands;

public sealed class ClusterSimulateCommandTests : IDisposable
{
    private static readonly string[] _lenet =
    [
        "cluster", "simulate", "--net", Repository.PathOf("configs", "nets", "lenet.prototxt"), "--input-shape",
        "data=64,1,28,28",
    ];

    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task LeNet_IsPlayedOnEachNumberOfNodes()
    {
        string picture = _cli.At("scaling.svg");
        Assert.Equal(ExitCodes.Done, await _cli.RunAsync(
            [.. _lenet, "--nodes", "1:6", "--pass-ms", "20", "--json", "--plot", picture]));
        using var rows = JsonDocument.Parse(_cli.Out);
        Assert.Equal([(1, "tree"), (2, "tree"), (4, "tree"), (6, "tree"), (1, "ring"), (2, "ring"), (4, "ring"),
            (6, "ring")], rows.RootElement.EnumerateArray().Select(row =>
                (row.GetProperty("nodes").GetInt32(), row.GetProperty("sum").GetString()!)));
        JsonElement alone = rows.RootElement[0], two = rows.RootElement[1];
        Assert.Equal((20, 1), (alone.GetProperty("pass_ms").GetDouble(), alone.GetProperty("speedup").GetDouble()));
        Assert.InRange(two.GetProperty("speedup").GetDouble(), 1, 2);
        // 431,080 parameters of 4 bytes.
        Assert.Equal(1.7, two.GetProperty("sent_mb").GetDouble());
        Assert.Contains("as many times as nodes", await File.ReadAllTextAsync(
            picture, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StrongScaling_SharesTheBatch()
    {
        Assert.Equal(ExitCodes.Done, await _cli.RunAsync([.. _lenet, "--nodes", "1:64", "--pass-ms", "20", "--batch",
            "4", "--scaling", "strong", "--reduction", "tree", "--csv"]));
        string[] lines = _cli.Out.Trim().Split('\n');
        // No node goes without an image.
        Assert.Equal(["nodes", "1", "2", "4"], lines.Select(line => line.Split(',')[1]));
        Assert.Equal(["20", "10", "5"], lines.Skip(1).Select(line => line.Split(',')[4]));
    }

    [Theory]
    [InlineData("--bandwidth", "25G", "--bandwidth is a bandwidth such as 25Gb")]
    [InlineData("--latency", "10", "--latency is a time such as 10us")]
    [InlineData("--reduction", "star", "--reduction is tree or ring, not 'star'")]
    [InlineData("--nodes", "0", "--nodes is a range MIN:MAX")]
    [InlineData("--pass-ms", "0", "--pass-ms is a number above 0, not 0")]
    [InlineData("--plot", "a.gif", "--plot is a file that ends in .png or .svg, not 'a.gif'")]
    public async Task FlagThatDoesNotFit_IsRefused(string flag, string value, string message)
    {
        Assert.Equal(ExitCodes.Configuration, await _cli.RunAsync([.. _lenet, flag, value]));
        Assert.Contains(message, _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NetOrRun_IsNeeded()
    {
        Assert.Equal(ExitCodes.Configuration, await _cli.RunAsync("cluster", "simulate"));
        Assert.Contains("say which net (--net) or which run (--run)", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_GivesTheLayersTimes()
    {
        string config = _cli.Write("tiny.hocon", $$"""
            train.solver = "{{_cli.Solver(_cli.Database()).Replace("\\", "/", StringComparison.Ordinal)}}"
            metrics.system-every = 2
            """);
        Assert.Equal(ExitCodes.Done,
            await _cli.RunAsync("train", config, "--output-root", _cli.At("runs"), "--max-iter", "6"));
        Assert.Equal(ExitCodes.Done, await _cli.RunAsync(
            "cluster", "simulate", "--run", "latest", "--output-root", _cli.At("runs"), "--nodes", "2", "--json"));
        using var rows = JsonDocument.Parse(_cli.Out);
        Assert.True(rows.RootElement[0].GetProperty("pass_ms").GetDouble() > 0);
    }
}
