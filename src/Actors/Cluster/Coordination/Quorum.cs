namespace CaffeActors.Actors.Cluster.Coordination;

/// <summary>
/// Who may go on where an epoch's members have lost each other: more than half of them, or half of them with the first
/// address among them, as the split-brain resolver keep-majority has it. Two disjoint sets never both may. Pure.
/// </summary>
internal static class Quorum
{
    /// <summary>Whether some nodes may go on.</summary>
    /// <param name="members">The epoch's members, the one with the lowest address first.</param>
    /// <param name="present">Nodes that answer; others than members do not count.</param>
    public static bool Holds(IReadOnlyList<ulong> members, IReadOnlyCollection<ulong> present)
    {
        if (members.Count == 0)
            return true;
        int here = members.Count(present.Contains);
        return here * 2 > members.Count || (here * 2 == members.Count && present.Contains(members[0]));
    }
}
