namespace CaffeActors.Benchmarks.Comparison;

/// <summary>The runs of a case: this program, a peer, and this program on one thread and on all, in turn.</summary>
/// <param name="what">The case.</param>
internal sealed class CaseRuns(ComparedCase what)
{
    private readonly List<MeasuredRun> _own = [];
    private readonly List<double> _ratios = [];
    private readonly List<double> _scalings = [];
    private readonly List<MeasuredRun> _peer = [];
    private bool _peerFails;

    /// <summary>The case.</summary>
    public ComparedCase Case => what;

    /// <summary>Median milliseconds of this program.</summary>
    public double Own => Median(_own.Select(run => run.Milliseconds));

    /// <summary>Median milliseconds of the peer; NaN where it cannot run the case.</summary>
    public double Peer => Median(_peer.Select(run => run.Milliseconds));

    /// <summary>Median over the rounds of the peer's time over this program's.</summary>
    public double Ratio => Median(_ratios);

    /// <summary>Median over the rounds of the time on one thread over that on all, in one process.</summary>
    public double Scaling => Median(_scalings);

    /// <summary>The most memory this program held.</summary>
    public long OwnPeak => _own.Max(run => run.PeakBytes);

    /// <summary>The most memory the peer held; 0 where it cannot run the case.</summary>
    public long PeerPeak => _peer.Select(run => run.PeakBytes).DefaultIfEmpty().Max();

    /// <summary>Runs one round; who comes first goes round.</summary>
    /// <param name="round">Its number, from 0.</param>
    /// <param name="peer">The peer's command; null without one.</param>
    /// <param name="threads">Threads of both.</param>
    public void Round(int round, IReadOnlyList<string>? peer, int threads)
    {
        Action[] turns =
        [
            () => _own.Add(MeasuredRun.Of([.. Child.Self, "step"], what.Net, what, threads)
                ?? throw new InvalidOperationException($"'{what.Title}' failed.")),
            () => RunPeer(peer, threads),
            () => RunThreads(threads),
        ];
        for (int i = 0; i < turns.Length; i++)
            turns[(round + i) % turns.Length]();
        if (_peer.Count > round)
            _ratios.Add(_peer[round].Milliseconds / _own[round].Milliseconds);
    }

    private void RunPeer(IReadOnlyList<string>? peer, int threads)
    {
        if (peer is null || _peerFails)
            return;
        if (MeasuredRun.Of(peer, what.PeerNet, what, threads) is { } run)
            _peer.Add(run);
        else
            _peerFails = true;
    }

    private void RunThreads(int threads)
    {
        if (threads > 1 && MeasuredRun.ScalingOf([.. Child.Self, "threads"], what, threads) is { } scaling)
            _scalings.Add(scaling);
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN
            : (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
    }
}
