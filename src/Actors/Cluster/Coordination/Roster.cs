using System.Globalization;
using CaffeActors.Actors.Cluster.Messages;

namespace CaffeActors.Actors.Cluster.Coordination;

/// <summary>The nodes that a coordinator knows: who told of itself, who answered its last question, who is to go. Not
/// thread-safe.</summary>
/// <param name="own">The coordinator's own node.</param>
internal sealed class Roster(ulong own)
{
    private readonly Dictionary<ulong, Frozen> _known = [];
    private readonly Dictionary<ulong, Frozen> _answers = [];
    private readonly HashSet<ulong> _leaving = [];
    private readonly Dictionary<ulong, string> _suspected = [];
    private readonly Dictionary<ulong, string> _excluded = [];
    private readonly Dictionary<ulong, int> _suspicions = [];
    private readonly HashSet<ulong> _evicted = [];

    // A node whose links break again and again before anything is committed is no use, though it answers.
    private const int MostSuspicions = 3;

    /// <summary>What each node said last.</summary>
    public IReadOnlyDictionary<ulong, Frozen> Known => _known;

    /// <summary>What nodes answered to the last question.</summary>
    public IReadOnlyDictionary<ulong, Frozen> Answers => _answers;

    /// <summary>The greatest epoch that one of them promised.</summary>
    public ulong GreatestPromise => _known.Values.Select(node => node.Epoch).DefaultIfEmpty(0ul).Max();

    /// <summary>Whether all that are known have answered.</summary>
    public bool AllAnswered => _known.Keys.All(_answers.ContainsKey);

    /// <summary>Whether somebody is to leave.</summary>
    public bool SomebodyLeaves => _leaving.Count > 0;

    /// <summary>A node told of itself.</summary>
    /// <returns>Whether it is new.</returns>
    public bool Hear(Frozen frozen)
    {
        bool isNew = !_known.ContainsKey(frozen.Member.Node);
        _known[frozen.Member.Node] = frozen;
        return isNew;
    }

    /// <summary>A node answered the last question.</summary>
    public void Answer(Frozen frozen) => _answers[frozen.Member.Node] = frozen;

    /// <summary>A new question is asked.</summary>
    public void Ask() => _answers.Clear();

    /// <summary>A node is out of the cluster.</summary>
    public void Remove(ulong node)
    {
        _known.Remove(node);
        _answers.Remove(node);
    }

    /// <summary>A node is none of the run's any more, even if it comes back to life.</summary>
    public void Evict(ulong node)
    {
        _evicted.Add(node);
        Remove(node);
    }

    /// <summary>Whether a node was evicted.</summary>
    public bool IsEvicted(ulong node) => _evicted.Contains(node);

    /// <summary>A node wants to go.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Leave(ulong node) => _known.ContainsKey(node) && _leaving.Add(node);

    /// <summary>Whether a node wants to go.</summary>
    public bool IsLeaving(ulong node) => _leaving.Contains(node);

    /// <summary>A node may be gone: whether it answers decides, unless it is suspected again and again.</summary>
    /// <param name="node">The node.</param>
    /// <param name="reason">Why; the first one is kept.</param>
    public void Suspect(ulong node, string reason)
    {
        _suspected.TryAdd(node, reason);
        _suspicions[node] = _suspicions.GetValueOrDefault(node) + 1;
        if (_suspicions[node] >= MostSuspicions)
            Exclude(node, reason);
    }

    /// <summary>A node is to take no part any more, though it may answer.</summary>
    /// <param name="node">The node.</param>
    /// <param name="reason">Why; the first one is kept.</param>
    public void Exclude(ulong node, string reason) => _excluded.TryAdd(node, reason);

    /// <summary>An iteration was committed, so its members are well.</summary>
    public void Absolve()
    {
        if (_suspicions.Count > 0)
            _suspicions.Clear();
    }

    /// <summary>Why a node that does not answer is thought to be gone.</summary>
    public string WhyLost(ulong node) => _suspected.GetValueOrDefault(node, "it does not answer");

    /// <summary>Forgets who did not answer.</summary>
    public void ForgetSilent()
    {
        foreach (ulong silent in _known.Keys.Where(node => !_answers.ContainsKey(node)).ToList())
            _known.Remove(silent);
        _suspected.Clear();
    }

    /// <summary>Takes out who answered and cannot take part.</summary>
    /// <returns>Each with its exit code and why.</returns>
    public IReadOnlyList<(Member Member, int ExitCode, string Text)> TakeOutRefused()
    {
        Frozen? model = _answers.Values.FirstOrDefault(answer => answer.HasState)
            ?? _answers.GetValueOrDefault(own) ?? _answers.Values.FirstOrDefault();
        List<(Member, int, string)> refused =
        [
            .. _answers.Values.Where(answer => IsLeaving(answer.Member.Node)
                    && !_excluded.ContainsKey(answer.Member.Node))
                .Select(answer => (answer.Member, 3, "it left")),
            .. _answers.Values.Where(answer => _excluded.ContainsKey(answer.Member.Node))
                .Select(answer => (answer.Member, 8, _excluded[answer.Member.Node])),
            .. _answers.Values.Where(answer => !IsLeaving(answer.Member.Node)
                    && !_excluded.ContainsKey(answer.Member.Node)
                    && (answer.NetHash != model!.NetHash || answer.SolverHash != model.SolverHash))
                .Select(answer => (answer.Member, 2,
                    $"its net or solver is not that of {model!.Member.Name}, or it would train in another way "
                    + "(parallel, compute.precision, cluster.compression); give all nodes the same configuration")),
        ];
        foreach ((Member member, _, _) in refused)
            Remove(member.Node);
        _leaving.Clear();
        _excluded.Clear();
        return refused;
    }

    /// <summary>Who answered, in the order of ranks: the coordinator's own node first, since it writes the run's files;
    /// then members of the last epoch as they were; then the others by name.</summary>
    /// <param name="last">The last epoch of this coordinator.</param>
    /// <param name="members">The members of the last epoch that anybody knows.</param>
    public List<Frozen> InOrder(View last, IReadOnlyList<ulong> members) =>
    [
        .. _answers.Values.OrderByDescending(answer => answer.Member.Node == own)
            .ThenByDescending(answer => members.Contains(answer.Member.Node))
            // Members of an older one have no rank in this, and come behind those that have.
            .ThenByDescending(answer => last.RankOf(answer.Member.Node) >= 0)
            .ThenBy(answer => last.RankOf(answer.Member.Node))
            .ThenBy(answer => answer.Member.Name, StringComparer.Ordinal),
    ];

    /// <summary>What people call a node.</summary>
    public string NameOf(ulong node) =>
        _known.GetValueOrDefault(node)?.Member.Name ?? node.ToString("x16", CultureInfo.InvariantCulture);
}
