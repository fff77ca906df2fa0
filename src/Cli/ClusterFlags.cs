using System.CommandLine;
using CaffeActors.Actors.Cluster.Membership;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Planning;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Cli;

/// <summary>The flags of a node: with whom it trains, and where it is reached.</summary>
internal sealed class ClusterFlags
{
    // Who waits to be let in does not train alone.
    private static readonly NodeRange _anyOthers = new(2, NodeRange.Limit);

    private readonly Option<string> _nodes = new("--nodes")
    {
        Description = "Train on several nodes: the fewest and the most, as 2:8, or one number (docs/cluster.md).",
        HelpName = "MIN:MAX",
    };

    private readonly Option<int?> _minNodes =
        new("--min-nodes") { Description = "The fewest nodes to train on, in place of MIN." };

    private readonly Option<string[]> _seedNodes = new("--seed-node")
    {
        Description = "A node that lets this one in. Repeatable; in the same order everywhere.",
        HelpName = "HOST:PORT",
    };

    private readonly Option<string> _host =
        new("--host") { Description = "Name or IP address at which the other nodes reach this one." };

    private readonly Option<string> _port = new("--port")
    {
        Description = "Port for membership and control, 0 for any; default 4053. Gradients take the one after it.",
        HelpName = "PORT",
    };

    private readonly Option<int?> _maxRestarts =
        new("--max-restarts") { Description = "How often the run may be put together anew after a loss." };

    /// <summary>The options, for a command to take.</summary>
    public IReadOnlyList<Option> All => [_nodes, _minNodes, _seedNodes, _host, _port, _maxRestarts];

    /// <summary>What the flags say, and where they say nothing, the environment.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="environment">Environment variables.</param>
    /// <param name="isMember">Whether the command is one of a member of a cluster, however many are asked for.</param>
    /// <exception cref="CaffeException">A flag's or a variable's value does not fit.</exception>
    public ClusterOptions Of(ParseResult arguments, Func<string, string?> environment, bool isMember)
    {
        ClusterOptions flags = new()
        {
            Nodes = arguments.GetValue(_nodes) is { } nodes
                ? NodeRange.TryParse(nodes) ?? throw Usage($"--nodes is {NodeRange.Expected}, not '{nodes}'") : null,
            LeastNodes = arguments.GetValue(_minNodes),
            DefaultNodes = isMember ? _anyOthers : null,
            SeedNodes = arguments.GetValue(_seedNodes) is { Length: > 0 } seeds
                ? [.. seeds.Select(seed => AddressOf(seed, "--seed-node"))] : null,
            Host = arguments.GetValue(_host) is { } host ? HostOf(host) : null,
            Port = arguments.GetValue(_port) is { } port ? PortOf(port) : null,
            MaxRestarts = arguments.GetValue(_maxRestarts) is not { } restarts || restarts >= 0
                ? arguments.GetValue(_maxRestarts)
                : throw Usage($"--max-restarts is 0 or more, not {restarts}"),
        };
        return flags.Over(ClusterEnvironment.Read(environment));
    }

    /// <summary>The address that a flag names.</summary>
    /// <exception cref="CaffeException">CFA1000: it is none.</exception>
    public static NodeAddress AddressOf(string text, string flag) =>
        NodeAddress.TryParse(text) ?? throw Usage($"{flag} is {NodeAddress.Expected}, not '{text}'");

    private static string HostOf(string text) => NodeAddress.TryParse(text)?.Host == text ? text
        : throw Usage($"--host is a name or an IP address without a port, not '{text}'");

    private static int PortOf(string text) =>
        int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture,
            out int port) && port < ushort.MaxValue
            ? port
            : throw Usage($"--port is a port, 0 to 65534, not '{text}'");

    private static CaffeException Usage(string message) => new(ErrorCodes.Usage, FailureKind.Configuration, message);
}
