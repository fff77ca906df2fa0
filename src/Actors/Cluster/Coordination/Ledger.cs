using System.Globalization;
using CaffeActors.Actors.Cluster.Messages;

namespace CaffeActors.Actors.Cluster.Coordination;

/// <summary>
/// Which iteration of an epoch stands: one does when every member holds the sum of its gradients. Not thread-safe.
/// </summary>
/// <param name="dealer">How a batch is dealt out.</param>
internal sealed class Ledger(IBatchDealer dealer)
{
    private readonly Dictionary<ulong, Reduced> _reduced = [];
    private View _view = new();

    /// <summary>The last iteration that stands; -1 before the first is known.</summary>
    public long Committed { get; private set; } = -1;

    /// <summary>When it came to stand.</summary>
    public TimeSpan CommittedAt { get; private set; }

    /// <summary>The mean time of an iteration, in which later ones count more; zero before the first.</summary>
    public TimeSpan IterationTime { get; private set; }

    /// <summary>What members said of the last iteration that they summed.</summary>
    public IReadOnlyDictionary<ulong, Reduced> Reduced => _reduced;

    /// <summary>The commit of the last iteration, where it was made in this epoch.</summary>
    public Commit? Last { get; private set; }

    /// <summary>An epoch has its members.</summary>
    /// <param name="view">The epoch.</param>
    public void Form(View view)
    {
        (_view, Committed, Last) = (view, view.Base, null);
        _reduced.Clear();
    }

    /// <summary>The epoch begins to train.</summary>
    /// <param name="iteration">The iteration that it begins from.</param>
    /// <param name="now">The time.</param>
    public void Start(long iteration, TimeSpan now) => (Committed, CommittedAt) = (iteration, now);

    /// <summary>A member holds the sum of an iteration.</summary>
    /// <param name="reduced">What it said.</param>
    /// <param name="now">The time.</param>
    /// <returns>The commit, where it was the last one that was waited for; else null.</returns>
    /// <exception cref="InvalidOperationException">Members' parameters differ.</exception>
    public Commit? Take(Reduced reduced, TimeSpan now)
    {
        if (reduced.Iteration != Committed + 1)
            return null;
        _reduced[reduced.Node] = reduced;
        foreach (Member member in _view.Members)
        {
            if (!_reduced.TryGetValue(member.Node, out Reduced? known) || known.Iteration != Committed + 1)
                return null;
        }

        RequireEqual();
        Committed++;
        TimeSpan took = now - CommittedAt;
        IterationTime = IterationTime == TimeSpan.Zero ? took : (IterationTime * 0.8) + (took * 0.2);
        CommittedAt = now;
        return Last = new Commit { Epoch = _view.Epoch, Iteration = Committed, Loss = Loss() };
    }

    private void RequireEqual()
    {
        Member first = _view.Members[0];
        foreach (Member member in _view.Members)
        {
            if (_reduced[member.Node].StateHash != _reduced[first.Node].StateHash)
            {
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                    $"the parameters of {member.Name} differ from those of {first.Name} at iteration {Committed}; "
                    + $"machines that train together must compute the same bits: give them devices of one kind"));
            }
        }
    }

    private float Loss()
    {
        var told = new float[_view.Members.Count];
        for (int rank = 0; rank < told.Length; rank++)
            told[rank] = _reduced[_view.Members[rank].Node].Loss;
        return dealer.LossOf(_view.Members, _view.BatchRecords, told);
    }
}
