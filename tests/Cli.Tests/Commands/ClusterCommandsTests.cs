using CaffeActors.Actors.Cluster.Membership;
using CaffeActors.Cli.Commands;

namespace CaffeActors.Cli.Tests.Commands;

public sealed class ClusterCommandsTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    [Theory]
    [InlineData("--nodes is a range MIN:MAX of 1 to 1024 nodes, such as 2:8, or one number, not '8", "--nodes", "8:2")]
    [InlineData("--seed-node is an address HOST:PORT", "--seed-node", "a:b")]
    [InlineData("--host is a name or an IP address without a port, not 'a:1'", "--host", "a:1")]
    [InlineData("--port is a port, 0 to 65534, not '65535'", "--port", "65535")]
    [InlineData("--max-restarts is 0 or more, not -1", "--max-restarts", "-1")]
    [InlineData("say how many there may be: --nodes MIN:MAX", "--min-nodes", "2")]
    public async Task FlagThatDoesNotFit_IsRefused(string message, string flag, string value)
    {
        string solver = _cli.Solver("db");
        Assert.Equal(ExitCodes.Configuration, await _cli.RunAsync("train", solver, flag, value));
        Assert.Contains(message, _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WorkerThatKnowsNoNode_IsRefused()
    {
        string solver = _cli.Solver("db");
        Assert.Equal(ExitCodes.Configuration, await _cli.RunAsync("worker", "--config", solver));
        Assert.Contains("a worker needs a node that lets it in: --seed-node HOST:PORT, CAFFEACTORS_SEED_NODES",
            _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StatusOfANodeThatIsNotThere_IsExitCode8()
    {
        Assert.Equal(ExitCodes.Cluster,
            await _cli.RunAsync("cluster", "status", "--node", "127.0.0.1:1", "--wait", "0.1"));
        Assert.Contains("error CFA1704: 127.0.0.1:1 did not answer within 0.1 s", _cli.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Configuration, await _cli.RunAsync("cluster", "status", "--node", "nowhere:port"));
        Assert.Equal(ExitCodes.Configuration, await _cli.RunAsync("cluster", "status", "--wait", "0"));
    }

    [Fact]
    public void Status_IsATableOrJson()
    {
        var status = new ClusterStatus("r1", 2, 70, 12.34f, 1, IsWhole: true,
        [
            new ClusterNodeStatus("10.0.0.5:4053", 0, 2, "runs_passes", 71, 10.25f, 2, 1.75, 3, 300, true, ""),
            new ClusterNodeStatus("10.0.0.6:4053", null, 1, "idle", 0, 0, 0, 0, 0, 1500, false, "stands by"),
        ]);
        string table = Written(status, asJson: false);
        Assert.Contains("run r1: 70 iterations, 12.3 ms each; epoch 2, 1 restarts", table, StringComparison.Ordinal);
        Assert.Matches(@"0 +10\.0\.0\.5:4053 +2 +runs_passes +71 +10\.2 +2 +1\.8 +3 +0\.3 +coordinator", table);
        Assert.Matches(@"10\.0\.0\.6:4053 +1 +idle +0 +1\.5 +stands by", table);
        using var json = System.Text.Json.JsonDocument.Parse(Written(status, asJson: true));
        Assert.Equal(10.25, json.RootElement.GetProperty("nodes")[0].GetProperty("pass_ms").GetDouble());
        Assert.Equal(System.Text.Json.JsonValueKind.Null,
            json.RootElement.GetProperty("nodes")[1].GetProperty("rank").ValueKind);
    }

    private static string Written(ClusterStatus status, bool asJson)
    {
        using StringWriter output = new(), error = new();
        ClusterStatusCommand.Write(status, asJson, new Terminal(output, error, false, static _ => null));
        return output.ToString();
    }
}
