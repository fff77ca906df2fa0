using CaffeActors.Actors.Cluster.Messages;

namespace CaffeActors.Actors.Cluster.Coordination;

/// <summary>
/// What follows from where nodes say they stand, once they have promised to help no older epoch.
/// <para>
/// Who may go on: a quorum of the last epoch that any of them trained in, and of each later one that any of them knows.
/// (A later one may have begun to train with nodes that did not answer; it began only after all its members knew it, so
/// a quorum of it has one that does.)
/// </para>
/// <para>
/// From where: an iteration is committed only when all members of its epoch hold its sum, so if one that answers does
/// not, nobody has committed it, and it is done again; if all do, somebody may have, and all commit it. Parameters of
/// nodes that trained last in an older epoch count for nothing.
/// </para>
/// Pure.
/// </summary>
internal sealed class Standing
{
    private readonly HashSet<ulong> _present;
    private readonly ulong _started;

    /// <summary>Looks at answers.</summary>
    /// <param name="answers">What each node that answered said.</param>
    public Standing(IReadOnlyCollection<Frozen> answers)
    {
        Answers = answers;
        _present = [.. answers.Select(answer => answer.Member.Node)];
        Frozen? last = answers.MaxBy(answer => answer.Started);
        _started = last?.Started ?? 0;
        Members = last is null ? [] : [.. last.StartedMembers];
        Base = FindBase();
    }

    /// <summary>What each node that answered said.</summary>
    public IReadOnlyCollection<Frozen> Answers { get; }

    /// <summary>The members of the last epoch that trained, the one with the lowest address first; none where none
    /// has.</summary>
    public IReadOnlyList<ulong> Members { get; }

    /// <summary>How many of them answer.</summary>
    public int Present => Members.Count(_present.Contains);

    /// <summary>Whether one of them does not.</summary>
    public bool HasLost => Present < Members.Count;

    /// <summary>Whether those who answered may go on.</summary>
    public bool HasQuorum => Quorum.Holds(Members, _present)
        && Answers.Where(answer => answer.View > _started)
            .All(answer => Quorum.Holds([.. answer.ViewMembers], _present));

    /// <summary>The iteration that all begin from; -1 where nobody holds parameters.</summary>
    public long Base { get; }

    /// <summary>Whether a node has the base's parameters, or the sum that makes them.</summary>
    /// <param name="answer">What it said.</param>
    public bool IsHolder(Frozen answer) => answer.HasState && answer.Started == _started
        && (answer.Committed == Base || Reach(answer) == Base);

    private static long Reach(Frozen answer) => answer.Committed + (answer.Reduced ? 1 : 0);

    private long FindBase()
    {
        long committed = Answers.Where(answer => answer.HasState && answer.Started == _started)
            .Select(answer => answer.Committed).DefaultIfEmpty(-1).Max();
        Frozen[] voters = [.. Answers.Where(answer => Members.Contains(answer.Member.Node))];
        return voters.Length > 0 && voters.All(answer => answer.Started == _started && answer.HasState)
            ? Math.Max(committed, voters.Min(Reach)) : committed;
    }
}
