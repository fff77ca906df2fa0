namespace CaffeActors.Actors.Cluster.Membership;

/// <summary>How one node stands.</summary>
/// <param name="Name">Its host and port.</param>
/// <param name="Rank">Its rank; null for one that stands by.</param>
/// <param name="Devices">Devices that it trains on.</param>
/// <param name="Phase">What it is doing: <c>idle</c>, <c>builds</c>, <c>receives_state</c>, <c>runs_passes</c>,
/// <c>reduces</c>, <c>updates</c>, <c>tests</c>, <c>writes_snapshot</c>.</param>
/// <param name="Iteration">Updates that it has done.</param>
/// <param name="PassMs">Milliseconds of its passes in the last iteration.</param>
/// <param name="WaitMs">Milliseconds that it waited for others after them.</param>
/// <param name="SentMb">Megabytes that it sent over its links in the last iteration.</param>
/// <param name="Breaks">How often its connections broke in this epoch; each was made anew.</param>
/// <param name="SilentMs">Milliseconds since it was last heard of.</param>
/// <param name="IsCoordinator">Whether it has the run's folder and decides.</param>
/// <param name="Note">What else there is to say.</param>
public sealed record ClusterNodeStatus(
    string Name, int? Rank, int Devices, string Phase, long Iteration, float PassMs, float WaitMs, double SentMb,
    int Breaks, long SilentMs, bool IsCoordinator, string Note);
