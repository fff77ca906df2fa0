using CaffeActors.Actors.Cluster.Coordination;
using CaffeActors.Actors.Cluster.Messages;

namespace CaffeActors.Actors.Cluster;

/// <summary>How a run's nodes stand, as its coordinator knows it.</summary>
internal static class StatusTable
{
    /// <summary>The table.</summary>
    /// <param name="state">The coordinator.</param>
    /// <param name="now">The time.</param>
    public static StatusReply Of(CoordinatorState state, TimeSpan now)
    {
        var reply = new StatusReply
        {
            Epoch = state.Epoch,
            RunId = state.View.RunId,
            Committed = state.Ledger.Committed,
            IterationMs = (float)state.Ledger.IterationTime.TotalMilliseconds,
            Restarts = state.View.Restarts,
            IsWhole = true,
        };
        for (int rank = 0; rank < state.View.Members.Count; rank++)
            reply.Nodes.Add(Member(state, rank, now));
        foreach (Frozen other in state.Roster.Known.Values.Where(node => state.View.RankOf(node.Member.Node) < 0))
        {
            reply.Nodes.Add(new NodeStatus
            {
                Name = other.Member.Name,
                Node = other.Member.Node,
                Rank = -1,
                Iteration = other.Committed,
                Devices = other.Member.Devices,
                Note = "stands by",
            });
        }

        return reply;
    }

    private static NodeStatus Member(CoordinatorState state, int rank, TimeSpan now)
    {
        Member member = state.View.Members[rank];
        Progress? last = state.Stragglers.Last(member.Node);
        Reduced? reduced = state.Ledger.Reduced.GetValueOrDefault(member.Node);
        return new NodeStatus
        {
            Name = member.Name,
            Node = member.Node,
            Rank = rank,
            Phase = last?.Phase ?? NodePhase.Builds,
            Iteration = last?.Iteration ?? state.Ledger.Committed,
            PassMs = reduced?.PassMs ?? 0,
            WaitMs = reduced?.WaitMs ?? 0,
            SentBytes = reduced?.SentBytes ?? 0,
            Breaks = reduced?.Breaks ?? 0,
            SilentMs = (long)state.Stragglers.SilentFor(member.Node, now).TotalMilliseconds,
            IsCoordinator = rank == 0,
            Devices = member.Devices,
            Note = last is { WaitsFor.Count: > 0 } ? "waits for " + string.Join(", ", last.WaitsFor.Select(
                state.View.RankOf)) : "",
        };
    }
}
