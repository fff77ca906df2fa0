using CaffeActors.Actors.Cluster.Coordination;

namespace CaffeActors.Actors.Cluster.Messages;

/// <summary>What an epoch's members say of it beside what travels.</summary>
internal sealed partial class View
{
    /// <summary>Its members, the one with the lowest address first.</summary>
    public IEnumerable<ulong> MembersByAddress =>
        Members.OrderBy(member => member.Name, AddressOrder.Instance).Select(member => member.Node);

    /// <summary>A node's rank: its place among the members; -1 where it is none.</summary>
    public int RankOf(ulong node)
    {
        for (int rank = 0; rank < Members.Count; rank++)
        {
            if (Members[rank].Node == node)
                return rank;
        }

        return -1;
    }
}
