using System.Diagnostics;
using System.Globalization;

namespace CaffeActors.Testing.MultiProcess;

/// <summary>
/// Nodes of a cluster, each the real program in a process of its own, with a network between them that a test can
/// break. What all of them have written is part of every failure. Disposing it ends all. Linux only.
/// </summary>
public sealed class NodeFleet : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly NodeProcess?[] _nodes;
    private readonly List<NodeProcess> _started = [];

    /// <summary>Prepares nodes; none is started yet.</summary>
    /// <param name="nodes">How many there may be.</param>
    /// <param name="hasProxies">Whether the network between them can be broken. Default true.</param>
    public NodeFleet(int nodes, bool hasProxies = true) =>
        (_nodes, Network) = (new NodeProcess?[nodes], new NodeNetwork(nodes, hasProxies));

    /// <summary>The program, built beside the tests in the same configuration.</summary>
    public static string Program { get; } = Repository.PathOf(
        "artifacts", "bin", "CaffeActors", Configuration, "CaffeActors.dll");

    private static string Configuration =>
        Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));

    /// <summary>A folder for the test's files; each node runs in one of its own below it.</summary>
    public TemporaryFolder Folder => _folder;

    /// <summary>The network between the nodes.</summary>
    public NodeNetwork Network { get; }

    /// <summary>A node that was started.</summary>
    public NodeProcess this[int node] =>
        _nodes[node] ?? throw new InvalidOperationException($"Node {node} was not started.");

    /// <summary>Starts a node, or starts it anew where its process has ended.</summary>
    /// <param name="node">Which, from 0.</param>
    /// <param name="arguments">The command line, of a run configuration; where the node is reached is added.</param>
    public NodeProcess Start(int node, params IEnumerable<string> arguments)
    {
        if (_nodes[node] is { HasExited: false })
            throw new InvalidOperationException($"Node {node} runs already.");
        string port = Network.PortOf(node).ToString(CultureInfo.InvariantCulture);
        string[] place =
            ["--host", Network.HostOf(node), "--port", port, "--set", "cluster.bind-host=127.0.0.1"];
        string name = $"node-{node}{(_nodes[node] is null ? "" : $"-again-{_started.Count}")}";
        NodeProcess process = Start(name, $"node-{node}", [.. arguments, .. place]);
        Network.Tell(node, process.Id);
        _nodes[node] = process;
        return process;
    }

    /// <summary>Starts the program as no node of the network: a run on this machine alone, say.</summary>
    /// <param name="name">What it is called; it runs in a folder of that name.</param>
    /// <param name="arguments">The command line.</param>
    public NodeProcess StartAlone(string name, params IEnumerable<string> arguments) =>
        Start(name, name, arguments);

    /// <summary>The end of what every node has written.</summary>
    public string Describe() => string.Join('\n', _started.Select(process => process.Tail()));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (NodeProcess process in _started)
            await process.DisposeAsync();
        await Network.DisposeAsync();
        _folder.Dispose();
    }

    private NodeProcess Start(string name, string folder, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. arguments])
        {
            WorkingDirectory = Directory.CreateDirectory(_folder.At(folder)).FullName,
        };
        // A machine's processors are shared by all nodes.
        start.Environment["DOTNET_gcServer"] = "0";
        var process = new NodeProcess(name, start, _folder.At($"{name}.log"), Describe);
        _started.Add(process);
        return process;
    }
}
