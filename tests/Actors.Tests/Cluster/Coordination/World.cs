using System.Globalization;
using CaffeActors.Actors.Cluster.Coordination;
using CaffeActors.Actors.Cluster.Messages;
using Google.Protobuf;

namespace CaffeActors.Actors.Tests.Cluster.Coordination;

/// <summary>
/// Processes, the messages between them, and what may befall both: lost, doubled and late messages, processes that die,
/// networks that come apart, any number of coordinators at once. Parameters are modelled as a number that follows from
/// all sums that made them, and a sum as who made it, in which epoch, of which iteration: two nodes have the same
/// parameters where the numbers are equal.
/// </summary>
internal sealed class World
{
    private readonly List<(Process From, Process To, bool ToCoordinator, IMessage Message)> _messages = [];
    private readonly Dictionary<(ulong Epoch, long Iteration), HashSet<ulong>> _contributions = [];
    private readonly Dictionary<long, ulong> _contentOf = [];
    private readonly CoordinatorSettings _settings;
    private ulong _nextNode = 1;

    public World(int nodes, CoordinatorSettings settings)
    {
        _settings = settings;
        for (int i = 0; i < nodes; i++)
            Processes.Add(new Process(this, i, _nextNode++));
        Processes[0].Coordinate();
    }

    public List<Process> Processes { get; } = [];

    /// <summary>By process, in which part of the network it is.</summary>
    public Dictionary<int, int> Part { get; } = [];

    public TimeSpan Now { get; set; }

    public int MessageCount => _messages.Count;

    public CoordinatorSettings Settings => _settings;

    /// <summary>The last iteration that anybody committed.</summary>
    public long LastCommitted => _contentOf.Count == 0 ? -1 : _contentOf.Keys.Max();

    /// <summary>What should never be, as soon as it is.</summary>
    public string? Violation { get; private set; }

    public void Post(Process from, Process to, bool toCoordinator, IMessage message)
    {
        if (!from.IsDead)
            _messages.Add((from, to, toCoordinator, message));
    }

    /// <summary>Delivers a message, and leaves it where it is to come twice.</summary>
    public void Deliver(int index, bool twice = false)
    {
        (Process from, Process to, bool toCoordinator, IMessage message) = _messages[index];
        if (!twice)
            _messages.RemoveAt(index);
        if (to.IsDead || AreApart(from, to))
            return;
        if (toCoordinator)
            to.Coordinator?.Handle(message, Now);
        else
            to.Hear(from, message);
    }

    public void Lose(int index) => _messages.RemoveAt(index);

    public bool AreApart(Process a, Process b) => Part.GetValueOrDefault(a.Index) != Part.GetValueOrDefault(b.Index);

    /// <summary>A process dies, unless too few would be left that know of the run: where most have died that did, those
    /// that came later begin anew, from the last snapshot.</summary>
    public void Kill(int index)
    {
        bool isBegun = Processes.Any(process => process.BegunEpochs.Count > 0);
        if (isBegun && Processes.Count(process => process.Index != index && !process.IsDead
            && process.BegunEpochs.Count > 0) * 2 <= Processes.Count)
            return;
        Processes[index].Die();
        foreach (Process other in Processes.Where(other => !other.IsDead && !AreApart(other, Processes[index])))
            other.Coordinator?.Unreachable(Processes[index].Node, "gone", isRemoved: false, Now);
    }

    /// <summary>One more process starts, and the coordinators hear of it.</summary>
    public void Add(string netHash = "net")
    {
        Processes.Add(new Process(this, Processes.Count, _nextNode++, netHash));
        foreach (Process coordinator in Processes.Where(process => process.Coordinator is not null))
            Post(coordinator, Processes[^1], toCoordinator: false, new Freeze());
    }

    /// <summary>A process starts in the place of one that died, as another node.</summary>
    public void Restart(int index) => Processes[index] = new Process(this, index, _nextNode++);

    /// <summary>A member of an epoch has run its passes.</summary>
    /// <returns>Whether all have.</returns>
    public bool Contribute(ulong epoch, long iteration, Process process, View view)
    {
        if (!_contributions.TryGetValue((epoch, iteration), out HashSet<ulong>? those))
            _contributions.Add((epoch, iteration), those = []);
        those.Add(process.Node);
        return those.Count == view.Members.Count;
    }

    public bool IsWhole(ulong epoch, long iteration, View view) =>
        _contributions.TryGetValue((epoch, iteration), out HashSet<ulong>? those) && those.Count == view.Members.Count;

    /// <summary>A node holds an iteration for good.</summary>
    public void Holds(Process process, long iteration, ulong content)
    {
        if (!_contentOf.TryAdd(iteration, content) && _contentOf[iteration] != content)
        {
            Violation ??= string.Create(CultureInfo.InvariantCulture,
                $"iteration {iteration} was committed twice, the second time by node {process.Node}");
        }
    }

    /// <summary>An epoch begins to train somewhere.</summary>
    public void Begins(Process process, View view)
    {
        foreach (Process other in Processes)
        {
            if (other.BegunEpochs.TryGetValue(view.Epoch, out string? members) && members != Describe(view))
                Violation ??= $"epoch {view.Epoch} has two lists of members";
        }

        process.BegunEpochs[view.Epoch] = Describe(view);
    }

    /// <summary>The content of the parameters after a sum.</summary>
    public static ulong After(ulong before, ulong epoch, long iteration)
    {
        ulong mixed = (before ^ (epoch * 0x9E3779B97F4A7C15) ^ ((ulong)iteration << 32)) * 0xBF58476D1CE4E5B9;
        return mixed ^ (mixed >> 31);
    }

    public Process? Find(ulong node) => Processes.FirstOrDefault(process => process.Node == node && !process.IsDead);

    /// <summary>Where everybody stands, for failures.</summary>
    public override string ToString() => string.Join(" | ", Processes.Select(process =>
        $"{process.Node}: {(process.IsDead ? "dead" : process.IsOver ? "over" : "lives")}, promised "
        + $"{process.State.Promised}, view {process.State.View?.Epoch}, rank {process.State.Rank}, committed "
        + $"{process.State.Committed}, {process.Coordinator?.Epoch}: {process.Events.LastOrDefault()?.Text}"));

    private static string Describe(View view) => string.Join(',', view.Members.Select(member => member.Node));
}
