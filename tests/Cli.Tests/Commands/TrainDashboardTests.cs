using System.Net;
using System.Net.Sockets;

namespace CaffeActors.Cli.Tests.Commands;

/// <summary>The flags of a run's dashboard.</summary>
public sealed class TrainDashboardTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Dashboard_IsToldAndEndsWithTheRun()
    {
        Assert.Equal(0, await _cli.TrainAsync(_cli.Solver(_cli.Database()), "--dashboard", "0"));
        string line = Assert.Single(_cli.Error.Split('\n'),
            line => line.Contains("Dashboard: http://127.0.0.1:", StringComparison.Ordinal));
        var address = new Uri(line[line.IndexOf("http", StringComparison.Ordinal)..].Trim());
        using var client = new TcpClient();
        await Assert.ThrowsAnyAsync<SocketException>(() => client.ConnectAsync(
            IPAddress.Loopback, address.Port, TestContext.Current.CancellationToken).AsTask());
    }

    [Fact]
    public async Task WithoutTheFlag_NothingListens()
    {
        Assert.Equal(0, await _cli.TrainAsync(_cli.Solver(_cli.Database())));
        Assert.DoesNotContain("Dashboard", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PortInUse_EndsBeforeTraining()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        int port = ((IPEndPoint)other.LocalEndpoint).Port;
        Assert.Equal(2, await _cli.TrainAsync(_cli.Solver(_cli.Database()), "--dashboard", $"{port}"));
        Assert.Matches($"error CFA1006: the dashboard cannot listen on 127.0.0.1:{port}: it is in use", _cli.Error);
        Assert.DoesNotContain("Solving", _cli.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("error CFA1000: --dashboard takes a port, 0 to 65535, not 'lenet.hocon'", "--dashboard", "lenet.hocon")]
    [InlineData("error CFA1000: --dashboard takes a port", "--dashboard", "70000")]
    [InlineData("error CFA1000: --dashboard-address is an IP address", "--dashboard-address", "everywhere")]
    public async Task FlagThatDoesNotFit_IsRefused(string says, params string[] flags)
    {
        Assert.Equal(2, await _cli.TrainAsync(_cli.Solver(_cli.Database()), flags));
        Assert.Contains(says, _cli.Error, StringComparison.Ordinal);
    }
}
