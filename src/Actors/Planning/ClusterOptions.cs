using CaffeActors.Actors.Configuration;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Planning;

/// <summary>What a command line or the environment says of a cluster beyond the configuration; null leaves what is
/// configured.</summary>
public sealed record ClusterOptions
{
    /// <summary>How many nodes train together.</summary>
    public NodeRange? Nodes { get; init; }

    /// <summary>The fewest nodes that train together, in place of those of the range.</summary>
    public int? LeastNodes { get; init; }

    /// <summary>How many nodes, where nobody says: a member of a cluster cannot be alone.</summary>
    public NodeRange? DefaultNodes { get; init; }

    /// <summary>Nodes to be let in by.</summary>
    public IReadOnlyList<NodeAddress>? SeedNodes { get; init; }

    /// <summary>Where this node is reached.</summary>
    public string? Host { get; init; }

    /// <summary>Its port for membership and control, 0 for any.</summary>
    public int? Port { get; init; }

    /// <summary>How often a run is put together anew.</summary>
    public int? MaxRestarts { get; init; }

    /// <summary>These, and where they say nothing, others.</summary>
    public ClusterOptions Over(ClusterOptions others) => new()
    {
        Nodes = Nodes ?? others.Nodes,
        LeastNodes = LeastNodes ?? others.LeastNodes,
        DefaultNodes = DefaultNodes ?? others.DefaultNodes,
        SeedNodes = SeedNodes ?? others.SeedNodes,
        Host = Host ?? others.Host,
        Port = Port ?? others.Port,
        MaxRestarts = MaxRestarts ?? others.MaxRestarts,
    };

    /// <summary>The configuration with what these say.</summary>
    /// <returns>Null where the run is alone.</returns>
    /// <exception cref="CaffeException">CFA1000: what they say does not go together.</exception>
    public ClusterSettings? Over(ClusterSettings settings)
    {
        NodeRange? nodes = Nodes ?? settings.Nodes ?? DefaultNodes;
        if (LeastNodes is { } least)
        {
            if (nodes is null)
                throw Usage("--min-nodes is the fewest nodes of a cluster; say how many there may be: --nodes MIN:MAX");
            if (least < 1 || least > nodes.Most)
                throw Usage($"--min-nodes is a number from 1 to the most nodes, {nodes.Most}, not {least}");
            nodes = nodes with { Least = least };
        }

        return nodes is null ? null : settings with
        {
            Nodes = nodes,
            SeedNodes = SeedNodes ?? settings.SeedNodes,
            Host = Host ?? settings.Host,
            Port = Port ?? settings.Port,
            MaxRestarts = MaxRestarts ?? settings.MaxRestarts,
        };
    }

    private static CaffeException Usage(string message) => new(ErrorCodes.Usage, FailureKind.Configuration, message);
}
