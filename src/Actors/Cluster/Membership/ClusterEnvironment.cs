using System.Globalization;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Planning;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Cluster.Membership;

/// <summary>What the environment says of a cluster: the variables that a job of a pipeline or a container sets, and the
/// names that Kubernetes gives the pods of a StatefulSet.</summary>
public static class ClusterEnvironment
{
    /// <summary>How many nodes train together, as <c>--nodes</c>.</summary>
    public const string Nodes = "CAFFEACTORS_NODES";

    /// <summary>Addresses of seed nodes, comma-separated.</summary>
    public const string SeedNodes = "CAFFEACTORS_SEED_NODES";

    /// <summary>Where this node is reached.</summary>
    public const string Host = "CAFFEACTORS_HOST";

    /// <summary>Its port.</summary>
    public const string Port = "CAFFEACTORS_PORT";

    /// <summary>The headless service of a StatefulSet: the pod NAME-0.SERVICE is the seed.</summary>
    public const string Service = "CAFFEACTORS_SERVICE";

    /// <summary>Reads the variables.</summary>
    /// <param name="environment">Environment variables; those of no value count as unset.</param>
    /// <exception cref="CaffeException">CFA1003: a value does not fit.</exception>
    public static ClusterOptions Read(Func<string, string?> environment)
    {
        string? Value(string name) => environment(name) is { Length: > 0 } text ? text : null;

        int? port = Value(Port) is { } number ? PortOf(number) : null;
        return new ClusterOptions
        {
            Nodes = Value(Nodes) is { } nodes
                ? NodeRange.TryParse(nodes) ?? throw Wrong(Nodes, nodes, NodeRange.Expected) : null,
            SeedNodes = Value(SeedNodes) is { } seeds ? SeedsOf(seeds)
                : Value(Service) is { } service ? [FirstPod(Value("HOSTNAME"), service, port)] : null,
            Host = Value(Host) is { } host
                ? NodeAddress.TryParse(host) is { } address && address.Host == host ? host
                    : throw Wrong(Host, host, "a name or an IP address without a port")
                : null,
            Port = port,
        };
    }

    // Pods are called NAME-0, NAME-1, ..., and the service gives each the name NAME-N.SERVICE. All listen on one port.
    private static NodeAddress FirstPod(string? pod, string service, int? port)
    {
        int dash = pod?.LastIndexOf('-') ?? -1;
        if (dash <= 0 || !int.TryParse(pod![(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            throw Wrong("HOSTNAME", pod ?? "",
                $"the name of a pod of a StatefulSet, NAME-N, where {Service} is set; {SeedNodes} does without");
        }

        return NodeAddress.TryParse(string.Create(CultureInfo.InvariantCulture,
            $"{pod[..dash]}-0.{service}:{(port is > 0 ? port : NodeAddress.DefaultPort)}"))
            ?? throw Wrong(Service, service, "the name of a service");
    }

    private static List<NodeAddress> SeedsOf(string text) =>
    [
        .. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(seed => NodeAddress.TryParse(seed)
                ?? throw Wrong(SeedNodes, seed, $"a list with commas; each is {NodeAddress.Expected}")),
    ];

    private static int PortOf(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)
        && port < ushort.MaxValue
            ? port
            : throw Wrong(Port, text, "a port, 0 to 65534");

    private static CaffeException Wrong(string variable, string text, string expected) => new(
        ErrorCodes.BadSetting, FailureKind.Configuration,
        $"the environment variable {variable} is '{text}'; it must be {expected}");
}
