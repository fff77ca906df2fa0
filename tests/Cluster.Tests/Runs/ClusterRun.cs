using System.Diagnostics;
using System.Globalization;
using CaffeActors.Testing.MultiProcess;

namespace CaffeActors.Cluster.Tests.Runs;

/// <summary>A run of LeNet on several nodes of this machine, and what they write down of it.</summary>
internal sealed class ClusterRun : IAsyncDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    private readonly NodeFleet _fleet;
    private readonly string _config;

    /// <summary>Prepares a run; no node is started yet.</summary>
    /// <param name="nodes">How many there may be.</param>
    /// <param name="hasProxies">Whether the network can be broken.</param>
    public ClusterRun(int nodes, bool hasProxies = false)
    {
        _fleet = new NodeFleet(nodes, hasProxies);
        _config = RunFiles.Write(_fleet.Folder);
    }

    /// <summary>Whether tests are to take as long as the promises they test ask for.</summary>
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("CAFFEACTORS_LONG") == "1";

    /// <summary>The network between the nodes.</summary>
    public NodeNetwork Network => _fleet.Network;

    /// <summary>The time, as logs have it.</summary>
    public static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>All event logs so far.</summary>
    public IReadOnlyList<IReadOnlyList<LoggedEvent>> Logs => LoggedEvent.ReadAll(_fleet.Folder.Path);

    /// <summary>All events so far, in the order of time.</summary>
    public IReadOnlyList<LoggedEvent> Events =>
        [.. Logs.SelectMany(log => log).OrderBy(what => what.Time)];

    /// <summary>A node that was started.</summary>
    public NodeProcess this[int node] => _fleet[node];

    /// <summary>A node's event log.</summary>
    /// <param name="number">The number that its process has.</param>
    public IReadOnlyList<LoggedEvent> LogOf(string number) =>
        Logs.Single(log => log.Count > 0 && log[0].By == "node" && log[0].Node == number);

    /// <summary>Which node a process is.</summary>
    /// <param name="number">The number that its process has.</param>
    public int NodeOf(string number)
    {
        string log = Directory.GetFiles(
            _fleet.Folder.Path, $"node-{number}.jsonl", SearchOption.AllDirectories).Single();
        string folder = Path.GetRelativePath(_fleet.Folder.Path, log).Split(Path.DirectorySeparatorChar)[0];
        return int.Parse(folder["node-".Length..], CultureInfo.InvariantCulture);
    }

    /// <summary>The number that a node's last process has; it has said that it is there.</summary>
    public string NumberOf(int node) => Logs.Where(log => log.Count > 0 && log[0].By == "node"
        && NodeOf(log[0].Node) == node).MaxBy(log => log[0].Time)![0].Node;

    /// <summary>Starts the node that begins the cluster.</summary>
    public NodeProcess Train(int node, string nodes, params IEnumerable<string> more) =>
        _fleet.Start(node, ["train", _config, "--nodes", nodes, .. more]);

    /// <summary>Starts a node that asks others to be let in.</summary>
    public NodeProcess Work(int node, string nodes, IEnumerable<int> seeds, params IEnumerable<string> more) =>
        _fleet.Start(node, ["worker", "--config", _config, "--nodes", nodes,
            .. seeds.SelectMany(seed => (string[])["--seed-node", Network.AddressOf(seed)]), .. more]);

    /// <summary>Starts a process that trains without any others.</summary>
    public NodeProcess Alone(string name, params IEnumerable<string> more) =>
        _fleet.StartAlone(name, ["train", _config, .. more]);

    /// <summary>Waits for an event.</summary>
    /// <param name="seen">Which.</param>
    /// <param name="what">What is waited for, for people.</param>
    /// <param name="within">At most how long. Default two minutes.</param>
    public Task<LoggedEvent> EventAsync(Func<LoggedEvent, bool> seen, string what, TimeSpan? within = null) =>
        FindAsync(events => events.FirstOrDefault(seen), what, within ?? _patience);

    /// <summary>Waits until an epoch of so many nodes has begun, and committed something.</summary>
    /// <param name="nodes">How many members.</param>
    /// <param name="since">Events before that are left out of account. Default: none.</param>
    /// <returns>Its first commit.</returns>
    public Task<LoggedEvent> TrainsAsync(int nodes, DateTimeOffset since = default) => FindAsync(
        events =>
        {
            var epochs = events.Where(what => what.Kind == "started" && what.Nodes.Count == nodes && what.Time > since)
                .Select(what => what.Epoch).ToHashSet();
            return events.FirstOrDefault(what => what.Kind == "committed" && what.By == "coordinator"
                && epochs.Contains(what.Epoch));
        },
        $"a commit in an epoch of {nodes} nodes", _patience);

    /// <summary>The first commit of so many nodes after a time, in whatever epoch; null where there is none
    /// yet.</summary>
    public LoggedEvent? CommitOf(int nodes, DateTimeOffset since)
    {
        IReadOnlyList<LoggedEvent> events = Events;
        return events.FirstOrDefault(what => what.Kind == "committed" && what.By == "coordinator" && what.Time > since
            && events.Any(formed => formed.Kind == "formed" && formed.Epoch == what.Epoch
                && formed.Nodes.Count == nodes));
    }

    /// <summary>Waits for a node's end and fails, with all that nodes have written, where it is another one.</summary>
    public async Task ExitsAsync(NodeProcess node, int code, TimeSpan? within = null)
    {
        int exit = await node.ExitAsync(within);
        Assert.True(exit == code, $"{node.Name} ended with {exit}, not {code}.\n{_fleet.Describe()}");
    }

    /// <summary>Fails where the event logs tell of what must not be.</summary>
    /// <param name="since">Events before that are left out of account: another run's. Default: none.</param>
    public void CheckEvents(DateTimeOffset since = default)
    {
        IReadOnlyList<string> faults = EventLogCheck.Faults(
            [.. Logs.Select(log => (IReadOnlyList<LoggedEvent>)[.. log.Where(what => what.Time > since)])],
            RunFiles.BatchRecords);
        Assert.True(faults.Count == 0, string.Join('\n', faults.Take(20)) + '\n' + _fleet.Describe());
    }

    /// <summary>The iterations of whose end a node has a snapshot, in order.</summary>
    /// <param name="folder">The node's folder.</param>
    public IReadOnlyList<int> Snapshots(string folder) =>
    [
        .. Models(folder).Select(path => Path.GetFileNameWithoutExtension(path))
            .Select(name => int.Parse(name[(name.LastIndexOf('_') + 1)..], CultureInfo.InvariantCulture)).Order(),
    ];

    /// <summary>The weights that a node has written.</summary>
    /// <param name="folder">The node's folder.</param>
    /// <param name="iteration">Of which snapshot.</param>
    public byte[] Weights(string folder, int iteration) => File.ReadAllBytes(Models(folder).Single(
        path => path.EndsWith($"_iter_{iteration}.caffemodel", StringComparison.Ordinal)));

    /// <summary>Fails where a node's last weights are not those of a process that trained alone, bit by bit.</summary>
    /// <param name="node">The node, which has written a snapshot.</param>
    public async Task CheckWeightsAsync(int node)
    {
        string folder = $"node-{node}";
        int iteration = Snapshots(folder)[^1];
        string alone = $"alone-{iteration}";
        await ExitsAsync(Alone(alone, "--max-iter", iteration.ToString(CultureInfo.InvariantCulture)), 0);
        Assert.Equal(Weights(alone, iteration), Weights(folder, iteration));
    }

    /// <summary>Fails where a time is longer than was promised; says how long it was.</summary>
    public void CheckTime(string what, TimeSpan time, double seconds)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: {time.TotalSeconds:F1} s of {seconds} s");
        Assert.True(time.TotalSeconds <= seconds, $"{what} took {time.TotalSeconds:F1} s.\n{_fleet.Describe()}");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _fleet.DisposeAsync();

    private async Task<LoggedEvent> FindAsync(
        Func<IReadOnlyList<LoggedEvent>, LoggedEvent?> find, string what, TimeSpan within)
    {
        long begun = Stopwatch.GetTimestamp();
        while (true)
        {
            if (find(Events) is { } found)
                return found;
            if (Stopwatch.GetElapsedTime(begun) > within)
                throw new TimeoutException($"Waited in vain for {what}.\n{_fleet.Describe()}");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private string[] Models(string folder) => Directory.GetFiles(
        _fleet.Folder.At(folder), "*.caffemodel", SearchOption.AllDirectories);
}
