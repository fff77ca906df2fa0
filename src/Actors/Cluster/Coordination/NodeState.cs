using CaffeActors.Actors.Cluster.Messages;
using Google.Protobuf;

namespace CaffeActors.Actors.Cluster.Coordination;

/// <summary>
/// A node's part in a run, without its actor: what it promised, which epoch it is a member of, which iteration it
/// holds. From the moment it promises an epoch it helps no older one: it tells no sums and takes no commits of it. Not
/// thread-safe.
/// </summary>
/// <param name="self">The node.</param>
/// <param name="fit">What it tells of itself beside where it stands: hashes of net and solver, version.</param>
/// <param name="output">What it does.</param>
internal sealed class NodeState(Member self, Frozen fit, INodeOutput output)
{
    private View? _view;
    private View? _started;
    private bool _isBuilt;
    private bool _runs;
    private Ready? _ready;
    private Reduced? _sum;
    private ulong _promisedTo;

    /// <summary>The greatest epoch that it has promised; 0 for none.</summary>
    public ulong Promised { get; private set; }

    /// <summary>The last epoch that it knows; null for none.</summary>
    public View? View => _view;

    /// <summary>Its rank in that epoch; -1 where it is no member.</summary>
    public int Rank { get; private set; } = -1;

    /// <summary>Whether it holds parameters.</summary>
    public bool HasState { get; private set; }

    /// <summary>The last iteration that it holds; -1 before it holds any.</summary>
    public long Committed { get; private set; } = -1;

    /// <summary>Whether it holds the sum of the next iteration.</summary>
    public bool HoldsSum => _sum is not null;

    /// <summary>Whether it trains.</summary>
    public bool Runs => _runs;

    private bool Stands => _view is not null && _view.Epoch == Promised && Rank >= 0;

    /// <summary>The coordinator said something.</summary>
    /// <param name="message">What.</param>
    public void Handle(IMessage message)
    {
        switch (message)
        {
            case Freeze freeze:
                OnFreeze(freeze);
                break;
            case View view when view.Epoch > Promised
                || (view.Epoch == Promised && view.Coordinator == _promisedTo):
                OnView(view);
                break;
            case Start start when Stands && start.Epoch == Promised && _isBuilt && !_runs:
                (_runs, _started) = (true, _view);
                output.Run();
                break;
            case Commit commit when Stands && commit.Epoch == Promised:
                OnCommit(commit);
                break;
            case RunOver over when over.Epoch >= Promised:
                output.End(over);
                break;
            case Refused refused when refused.Node == self.Node:
                output.End(new RunOver
                {
                    Epoch = Promised,
                    End = refused.ExitCode == 3 ? 1 : 2,
                    Kind = refused.ExitCode == 2 ? (int)Compute.Diagnostics.FailureKind.Configuration
                        : (int)Compute.Diagnostics.FailureKind.Cluster,
                    Code = Compute.Diagnostics.ErrorCodes.ClusterLost,
                    Text = refused.Text,
                });
                break;
        }
    }

    /// <summary>Where it stands.</summary>
    public Frozen Standing()
    {
        Frozen standing = fit.Clone();
        (standing.Epoch, standing.Coordinator) = (Promised, _promisedTo);
        standing.Member = self;
        standing.HasState = HasState;
        standing.Committed = Committed;
        standing.Reduced = _sum is not null;
        if (_started is not null)
        {
            standing.Started = _started.Epoch;
            standing.StartedMembers.AddRange(_started.MembersByAddress);
        }

        if (_view is null)
            return standing;
        standing.View = _view.Epoch;
        standing.ViewMembers.AddRange(_view.MembersByAddress);
        (standing.RunId, standing.Seed) = (_view.RunId, _view.Seed);
        (standing.BatchRecords, standing.Restarts) = (_view.BatchRecords, _view.Restarts);
        return standing;
    }

    /// <summary>What the epoch asked for is built and holds its parameters.</summary>
    /// <param name="ready">The epoch, and what it holds.</param>
    public void Built(Ready ready)
    {
        if (!Stands || ready.Epoch != Promised)
            return;
        (_isBuilt, HasState, Committed, _ready) = (true, true, ready.Iteration, ready);
        (_view!.RunId, _view.Seed, _view.BatchRecords) = (ready.RunId, ready.Seed, ready.BatchRecords);
        output.Tell(ready);
    }

    /// <summary>The sums of an iteration are whole here.</summary>
    /// <param name="reduced">Which, with its epoch.</param>
    public void Summed(Reduced reduced)
    {
        if (!Stands || !_runs || reduced.Epoch != Promised || reduced.Iteration != Committed + 1)
            return;
        _sum = reduced;
        output.Tell(reduced);
    }

    /// <summary>Time has passed: what may have been lost is told again.</summary>
    public void Tick()
    {
        if (!Stands)
        {
            if (_view is null || Rank < 0)
                output.Tell(Standing());
        }
        else if (_sum is not null)
        {
            output.Tell(_sum);
        }
        else if (_isBuilt && !_runs)
        {
            output.Tell(_ready!);
        }
    }

    private void OnFreeze(Freeze freeze)
    {
        if (freeze.Epoch > Promised)
        {
            (Promised, _promisedTo) = (freeze.Epoch, freeze.Coordinator);
            _runs = false;
            output.Suspend();
        }

        output.Tell(Standing());
    }

    private void OnView(View view)
    {
        if (_view is not null && view.Epoch <= _view.Epoch)
            return;
        (Promised, _promisedTo) = (view.Epoch, view.Coordinator);
        bool hasBase = HasState && view.Holders.Contains(self.Node);
        bool commitFirst = hasBase && _sum is not null && view.Base == Committed + 1;
        (_view, _isBuilt, _runs) = (view.Clone(), false, false);
        Rank = view.RankOf(self.Node);
        _sum = null;
        if (Rank < 0)
        {
            HasState = false;
            Committed = -1;
            output.StandBy();
            return;
        }

        if (commitFirst)
            Committed = view.Base;
        HasState = hasBase;
        bool makesBase = view.Base < 0 && Rank == 0;
        output.Build(view, commitFirst, takesState: !hasBase && !makesBase);
    }

    private void OnCommit(Commit commit)
    {
        if (_sum is null || commit.Iteration != Committed + 1)
            return;
        _sum = null;
        Committed = commit.Iteration;
        output.Commit(commit.Iteration - 1, commit.Loss);
    }
}
