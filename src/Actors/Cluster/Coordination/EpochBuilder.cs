using System.Globalization;
using CaffeActors.Actors.Cluster.Messages;

namespace CaffeActors.Actors.Cluster.Coordination;

/// <summary>Puts an epoch together of those who answered. Pure.</summary>
/// <param name="settings">How patient the coordinator is.</param>
/// <param name="dealer">How a batch is dealt out.</param>
/// <param name="own">The coordinator's own node.</param>
internal sealed class EpochBuilder(CoordinatorSettings settings, IBatchDealer dealer, ulong own)
{
    /// <summary>Who takes part, from where, with which batch.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="standing">What all who answered said.</param>
    /// <param name="taken">The members in the order of ranks, at least one.</param>
    /// <param name="ends">Why the run is to end with a snapshot; empty where it is to go on.</param>
    public View Build(ulong epoch, Standing standing, List<Frozen> taken, string ends)
    {
        bool lost = standing.HasLost;
        uint restarts = standing.Answers.Max(answer => answer.Restarts) + (lost ? 1u : 0u);
        if (ends.Length == 0 && lost && restarts > settings.MaxRestarts)
        {
            ends = string.Create(CultureInfo.InvariantCulture,
                $"nodes were lost {restarts} times, more than the {settings.MaxRestarts} of cluster.max-restarts");
        }

        Frozen? holder = standing.Answers.FirstOrDefault(standing.IsHolder);
        var view = new View
        {
            Epoch = epoch,
            Coordinator = own,
            Base = standing.Base,
            Source = (uint)Math.Max(0, taken.FindIndex(standing.IsHolder)),
            RunId = holder?.RunId ?? "",
            Seed = holder?.Seed ?? 0,
            Restarts = restarts,
            Ends = ends,
        };
        view.Members.AddRange(taken.Select(answer => answer.Member));
        long batch = standing.Answers.Max(answer => answer.BatchRecords);
        view.BatchRecords = batch > 0 && settings.FixedBatch ? batch : dealer.BatchRecordsOf(view.Members);
        view.Holders.AddRange(taken.Where(standing.IsHolder).Select(answer => answer.Member.Node));
        return view;
    }
}
