using System.Globalization;
using CaffeActors.Actors.Cluster.Messages;

namespace CaffeActors.Actors.Cluster.Coordination;

/// <summary>
/// Who is late: what each member said last, and since when it has said nothing new. One that waits for others is not
/// stuck; one that is silent, or whose counter stands still, is. Pure but for what it is told.
/// </summary>
internal sealed class Stragglers
{
    private readonly Dictionary<ulong, Track> _tracks = [];

    /// <summary>Forgets all and watches other nodes.</summary>
    /// <param name="nodes">Their numbers.</param>
    /// <param name="now">The time.</param>
    public void Watch(IEnumerable<ulong> nodes, TimeSpan now)
    {
        _tracks.Clear();
        foreach (ulong node in nodes)
            _tracks[node] = new Track { Heard = now, Changed = now };
    }

    /// <summary>A node told where it is.</summary>
    /// <param name="progress">What it said.</param>
    /// <param name="now">The time.</param>
    public void Hear(Progress progress, TimeSpan now)
    {
        if (!_tracks.TryGetValue(progress.Node, out Track? track))
            return;
        track.Heard = now;
        if (track.Last is null || track.Last.Counter != progress.Counter || track.Last.Phase != progress.Phase
            || track.Last.Iteration != progress.Iteration)
            track.Changed = now;
        track.Last = progress;
    }

    /// <summary>A node said something else, which is progress too.</summary>
    /// <param name="node">The node.</param>
    /// <param name="now">The time.</param>
    public void Hear(ulong node, TimeSpan now)
    {
        if (_tracks.TryGetValue(node, out Track? track))
            (track.Heard, track.Changed) = (now, now);
    }

    /// <summary>What a node said last; null for nothing yet.</summary>
    public Progress? Last(ulong node) => _tracks.GetValueOrDefault(node)?.Last;

    /// <summary>How long a node has been silent.</summary>
    public TimeSpan SilentFor(ulong node, TimeSpan now) =>
        _tracks.TryGetValue(node, out Track? track) ? now - track.Heard : TimeSpan.Zero;

    /// <summary>The nodes that hold up the others.</summary>
    /// <param name="limit">How long one may make no progress.</param>
    /// <param name="now">The time.</param>
    public IReadOnlyList<ulong> Stuck(TimeSpan limit, TimeSpan now) =>
    [
        .. _tracks.Where(entry => now - entry.Value.Heard >= limit
            || (now - entry.Value.Changed >= limit
                && entry.Value.Last is { WaitsFor.Count: 0 } last && Works(last.Phase)))
            .Select(entry => entry.Key),
    ];

    /// <summary>What is known of a node that is late.</summary>
    /// <param name="node">The node.</param>
    /// <param name="rank">Its rank.</param>
    /// <param name="iteration">The last iteration that was committed.</param>
    /// <param name="now">The time.</param>
    public string Describe(ulong node, int rank, long iteration, TimeSpan now) => string.Create(
        CultureInfo.InvariantCulture,
        $"rank {rank} shows no progress in iteration {iteration}: it "
        + $"{PhaseText.Of(Last(node)?.Phase ?? NodePhase.Idle)}, and was heard of "
        + $"{SilentFor(node, now).TotalSeconds:F1} s ago");

    /// <summary>Whether all have run their passes, and none gets on.</summary>
    public bool AllWaitForSums => _tracks.Values.All(track => track.Last is { Phase: NodePhase.Reduces });

    // The others wait for somebody else; files have a limit of their own (run.wait-limit).
    private static bool Works(NodePhase phase) =>
        phase is not (NodePhase.Idle or NodePhase.Reduces or NodePhase.WritesSnapshot);

    private sealed class Track
    {
        public Progress? Last { get; set; }

        public TimeSpan Heard { get; set; }

        public TimeSpan Changed { get; set; }
    }
}
