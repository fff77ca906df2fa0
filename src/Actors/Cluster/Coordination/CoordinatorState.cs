using System.Globalization;
using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Compute.Diagnostics;
using Google.Protobuf;

namespace CaffeActors.Actors.Cluster.Coordination;

/// <summary>
/// The coordinator of a run, without its actor: who is a member, which iteration stands. It holds nothing that would be
/// lost with it: a new one asks the nodes where they stand. Epochs only rise, and a node that promised one helps no
/// older one, so an old coordinator that is still about can commit nothing. Messages may be lost, doubled and come in
/// any order: what is not answered is asked again. Not thread-safe.
/// </summary>
/// <param name="settings">How patient it is.</param>
/// <param name="dealer">How a batch is dealt out.</param>
/// <param name="own">The node in whose process it is: it gets rank 0.</param>
/// <param name="output">What it does.</param>
internal sealed class CoordinatorState(
    CoordinatorSettings settings, IBatchDealer dealer, ulong own, ICoordinatorOutput output)
{
    private enum Stage
    {
        Gathers,
        Freezes,
        Forms,
        Trains,
        IsOver,
    }

    private readonly Roster _roster = new(own);
    private readonly Ledger _ledger = new(dealer);
    private readonly EpochBuilder _builder = new(settings, dealer, own);
    private readonly ReadyTable _ready = new();
    private Stage _stage = Stage.Gathers;
    private View _view = new();
    private int _expected = int.MaxValue;
    private int _clusterSize;
    private TimeSpan? _begun;
    private TimeSpan _askedAt;
    private TimeSpan _answerBy;
    private TimeSpan? _tooFewSince;
    private TimeSpan? _noQuorumSince;
    private bool _joinerWaits;
    private bool _lateIsTold;

    /// <summary>The epoch that it works on; 0 before the first.</summary>
    public ulong Epoch { get; private set; }

    /// <summary>The present epoch's members and base.</summary>
    public View View => _view;

    /// <summary>Whether an epoch trains.</summary>
    public bool Trains => _stage == Stage.Trains;

    /// <summary>Which iteration stands.</summary>
    public Ledger Ledger => _ledger;

    /// <summary>What the members said last of where they are.</summary>
    public Stragglers Stragglers { get; } = new();

    /// <summary>The nodes that it knows, members or not.</summary>
    public Roster Roster => _roster;

    private TimeSpan StuckLimit => settings.ProgressLimit > _ledger.IterationTime * 5
        ? settings.ProgressLimit : _ledger.IterationTime * 5;

    /// <summary>How many processes are in the cluster, this one included.</summary>
    /// <param name="reachable">Those that can be reached.</param>
    /// <param name="all">All that the cluster has not taken out.</param>
    public void Expect(int reachable, int all) => (_expected, _clusterSize) = (reachable, all);

    /// <summary>A process is out of the cluster, or cannot be reached.</summary>
    /// <param name="node">Its node.</param>
    /// <param name="reason">Why, for people.</param>
    /// <param name="isRemoved">Whether it is out for good.</param>
    /// <param name="now">The time.</param>
    public void Unreachable(ulong node, string reason, bool isRemoved, TimeSpan now)
    {
        if (isRemoved)
            _roster.Remove(node);
        if (IsMember(node))
            Suspect(node, reason, now);
    }

    /// <summary>A node said something.</summary>
    /// <param name="message">What.</param>
    /// <param name="now">The time.</param>
    public void Handle(IMessage message, TimeSpan now)
    {
        if (_stage == Stage.IsOver)
            return;
        switch (message)
        {
            case Frozen frozen:
                OnFrozen(frozen, now);
                break;
            case Ready ready when ready.Epoch == Epoch && IsMember(ready.Node):
                OnReady(ready, now);
                break;
            case Reduced reduced when reduced.Epoch == Epoch && IsMember(reduced.Node):
                OnReduced(reduced, now);
                break;
            case Progress progress when progress.Epoch == Epoch:
                Stragglers.Hear(progress, now);
                break;
            case Suspect suspect when suspect.Epoch == Epoch && IsMember(suspect.Suspect_):
                Suspect(suspect.Suspect_, suspect.Reason, now);
                break;
            case NodeFailed failed when failed.Epoch == Epoch && IsMember(failed.Node):
                OnFailed(failed, now);
                break;
            case Leaving leaving:
                OnLeaving(leaving.Node, now);
                break;
            case RunOver over when over.Epoch == Epoch:
                End(over);
                break;
        }
    }

    /// <summary>Time has passed; to be called some times a second.</summary>
    /// <param name="now">The time.</param>
    public void Tick(TimeSpan now)
    {
        switch (_stage)
        {
            case Stage.Gathers:
                Gather(now);
                break;
            case Stage.Freezes:
                if (IsTimeToAsk(now))
                    output.Broadcast(new Freeze { Epoch = Epoch, Coordinator = own });
                if (now >= _answerBy)
                    Decide(now);
                break;
            case Stage.Forms:
                if (IsTimeToAsk(now))
                    TellView();
                SuspectStuck(settings.BuildLimit, now);
                break;
            case Stage.Trains:
                TellLate(now);
                SuspectStuck(StuckLimit, now);
                break;
        }
    }

    private bool IsMember(ulong node) => _view.RankOf(node) >= 0;

    private bool IsTimeToAsk(TimeSpan now)
    {
        if (now - _askedAt < settings.AskAgain)
            return false;
        _askedAt = now;
        return true;
    }

    private void Note(ClusterEventKind kind, string text, params IReadOnlyList<ulong> nodes) =>
        output.Note(new ClusterEvent(kind, Epoch, _ledger.Committed, text, nodes));

    // While nobody trains: who is there, and are they enough?
    private void Gather(TimeSpan now)
    {
        _begun ??= now;
        if (IsTimeToAsk(now))
            output.Broadcast(new Freeze());
        bool allAnswered = _roster.Known.Count >= _expected || now - _begun >= settings.AnswerWait;
        if (_roster.Known.Count == 0 || !allAnswered)
            return;
        bool isRunning = _roster.Known.Values.Any(node => node.View > 0);
        if (_roster.Known.Count >= settings.MinNodes || (isRunning && _tooFewSince is null)
            || !IsWaiting(_roster.Known.Count, isRunning, now))
        {
            Freeze("who is there is to train", now);
        }
    }

    // True while more nodes are waited for. Where there is nothing that a snapshot could keep the run is over then.
    private bool IsWaiting(int count, bool isRunning, TimeSpan now)
    {
        TimeSpan wait = isRunning ? settings.MinNodesWait : settings.StartWait;
        if (_tooFewSince is null)
        {
            _tooFewSince = now;
            Note(ClusterEventKind.Waits, string.Create(CultureInfo.InvariantCulture,
                $"{count} of at least {settings.MinNodes} nodes are there; the run waits for "
                + $"{wait.TotalSeconds:F0} s"));
        }

        if (now - _tooFewSince < wait)
            return true;
        if (!isRunning)
        {
            End(RunEnds.Lost(string.Create(CultureInfo.InvariantCulture,
                $"only {count} of at least {settings.MinNodes} nodes came within {wait.TotalSeconds:F0} s; "
                + $"start more workers, or set --nodes lower")));
        }

        return !isRunning;
    }

    private void OnFrozen(Frozen frozen, TimeSpan now)
    {
        ulong node = frozen.Member.Node;
        if (_roster.IsEvicted(node))
        {
            output.Send(node, new Refused
            {
                Node = node,
                ExitCode = 8,
                Text = "it was lost for a while, and the others went on without it; start it anew to let it join",
            });
            return;
        }

        if (_roster.Hear(frozen))
            Note(ClusterEventKind.Joined, $"{frozen.Member.Name} is there", node);
        if (_stage == Stage.Trains && !IsMember(node) && !_roster.IsLeaving(node) && CanTake(frozen))
            _joinerWaits = true;
        if (_stage != Stage.Freezes)
            return;
        if (frozen.Epoch > Epoch || (frozen.Epoch == Epoch && frozen.Coordinator != own))
        {
            Freeze("a greater epoch was promised", now);
        }
        else if (frozen.Epoch == Epoch)
        {
            _roster.Answer(frozen);
            if (_roster.AllAnswered)
                Decide(now);
        }
    }

    private bool CanTake(Frozen joiner) => _view.Members.Count < settings.MaxNodes
        && dealer.Most([.. _view.Members, joiner.Member], _view.BatchRecords) > _view.Members.Count;

    private void Freeze(string reason, TimeSpan now)
    {
        Epoch = Math.Max(Epoch, _roster.GreatestPromise) + 1;
        _stage = Stage.Freezes;
        _roster.Ask();
        _joinerWaits = false;
        (_askedAt, _answerBy) = (now, now + settings.AnswerWait);
        Note(ClusterEventKind.Froze, reason);
        output.Broadcast(new Freeze { Epoch = Epoch, Coordinator = own });
    }

    private void Decide(TimeSpan now)
    {
        var standing = new Standing([.. _roster.Answers.Values]);
        // A run that has never trained has no members to be a majority of but the cluster's.
        bool isFirst = standing.Answers.All(answer => answer.View == 0);
        if (!standing.HasQuorum || (isFirst && standing.Answers.Count * 2 <= _clusterSize))
        {
            _noQuorumSince ??= now;
            _answerBy = now + settings.AskAgain;
            if (now - _noQuorumSince >= settings.QuorumWait)
            {
                End(RunEnds.Lost($"{standing.Present} of the {standing.Members.Count} nodes that trained answer, which "
                    + "is no majority"));
            }

            return;
        }

        _noQuorumSince = null;
        Dismiss();
        List<Frozen> order = _roster.InOrder(_view, standing.Members);
        long batch = order.Select(answer => answer.BatchRecords).DefaultIfEmpty(0).Max();
        int most = Math.Min(settings.MaxNodes, dealer.Most([.. order.Select(answer => answer.Member)], batch));
        List<Frozen> taken = order[..Math.Min(most, order.Count)];
        if (taken.Count >= settings.MinNodes)
        {
            _tooFewSince = null;
            Form(standing, taken, ends: "", now);
        }
        else if (IsWaiting(taken.Count, isRunning: standing.Base >= 0 && taken.Count > 0, now))
        {
            // One that comes meanwhile must promise too.
            _stage = _stage == Stage.IsOver ? _stage : Stage.Gathers;
        }
        else
        {
            Form(standing, taken, $"{taken.Count} of at least {settings.MinNodes} nodes are left", now);
        }
    }

    // Who did not answer, and who cannot train this run.
    private void Dismiss()
    {
        foreach (Member member in _view.Members.Where(member => !_roster.Answers.ContainsKey(member.Node)))
        {
            Note(ClusterEventKind.Lost, $"{member.Name} is lost: {_roster.WhyLost(member.Node)}", member.Node);
            _roster.Evict(member.Node);
            output.Evict(member);
        }

        _roster.ForgetSilent();
        foreach ((Member member, int exitCode, string text) in _roster.TakeOutRefused())
        {
            output.Send(member.Node, new Refused { Node = member.Node, ExitCode = exitCode, Text = text });
            Note(ClusterEventKind.Left, $"{member.Name} takes no part: {text}", member.Node);
        }
    }

    private void Form(Standing standing, List<Frozen> taken, string ends, TimeSpan now)
    {
        _view = _builder.Build(Epoch, standing, taken, ends);
        _stage = Stage.Forms;
        _ready.Begin(_view);
        _ledger.Form(_view);
        Stragglers.Watch(taken.Select(answer => answer.Member.Node), now);
        _askedAt = now;
        Note(ClusterEventKind.Formed, string.Create(CultureInfo.InvariantCulture,
            $"{taken.Count} nodes from iteration {Math.Max(_view.Base, 0)}: ")
            + string.Join(", ", taken.Select(answer => answer.Member.Name)),
            [.. taken.Select(answer => answer.Member.Node)]);
        TellView();
    }

    // Those who stand by hear it too: they know then that a run is under way.
    private void TellView()
    {
        foreach (ulong node in _roster.Answers.Keys.Where(node => !_ready.Has(node)))
            output.Send(node, _view);
    }

    private void OnReady(Ready ready, TimeSpan now)
    {
        Stragglers.Hear(ready.Node, now);
        if (_stage == Stage.Trains)
            output.Send(ready.Node, new Start { Epoch = Epoch });
        if (_stage != Stage.Forms)
            return;
        _ready.Add(ready);
        if (!_ready.IsWhole)
            return;
        if (_ready.FindDifferent() is { } different)
        {
            End(RunEnds.Lost($"{different.Name} does not have the parameters of iteration {Math.Max(_view.Base, 0)} "
                + $"that {_ready.SourceMember.Name} has"));
            return;
        }

        Ready first = _ready.Source;
        (_view.Base, _view.RunId, _view.Seed, _view.BatchRecords) =
            (first.Iteration, first.RunId, first.Seed, first.BatchRecords);
        _stage = Stage.Trains;
        _ledger.Start(first.Iteration, now);
        Stragglers.Watch(_view.Members.Select(member => member.Node), now);
        Note(ClusterEventKind.Started, string.Create(CultureInfo.InvariantCulture,
            $"training goes on at iteration {first.Iteration} in epoch {Epoch}"),
            [.. _view.Members.Select(member => member.Node)]);
        _joinerWaits = _roster.Known.Values.Any(node => !IsMember(node.Member.Node) && CanTake(node));
        foreach (Member member in _view.Members)
            output.Send(member.Node, new Start { Epoch = Epoch });
    }

    private void OnReduced(Reduced reduced, TimeSpan now)
    {
        if (_stage != Stage.Trains)
            return;
        Stragglers.Hear(reduced.Node, now);
        // What was told before was lost.
        if (_ledger.Last is { } last && reduced.Iteration == last.Iteration)
            output.Send(reduced.Node, last);
        Commit? commit;
        try
        {
            commit = _ledger.Take(reduced, now);
        }
        catch (InvalidOperationException different)
        {
            End(RunEnds.Lost(different.Message));
            return;
        }

        if (commit is null)
            return;
        _lateIsTold = false;
        _roster.Absolve();
        output.Note(new ClusterEvent(ClusterEventKind.Committed, Epoch, commit.Iteration));
        foreach (Member member in _view.Members)
            output.Send(member.Node, commit);
        if (_joinerWaits || _roster.SomebodyLeaves)
            Freeze(_joinerWaits ? "a node joins" : "a node leaves", now);
    }

    // A device that fails takes its node along; numbers and data that are no good are so for all.
    private void OnFailed(NodeFailed failed, TimeSpan now)
    {
        if ((FailureKind)failed.Kind == FailureKind.Device && _view.Members.Count > settings.MinNodes
            && failed.Node != own)
        {
            _roster.Exclude(failed.Node, failed.Text);
            Suspect(failed.Node, failed.Text, now);
            return;
        }

        End(RunEnds.By(failed));
    }

    private void OnLeaving(ulong node, TimeSpan now)
    {
        if (!_roster.Leave(node))
            return;
        Note(ClusterEventKind.Left, $"{_roster.NameOf(node)} leaves", node);
        if (_stage == Stage.Trains && !IsMember(node))
            Freeze("a node leaves", now);
    }

    // A node that is really gone does not answer; one that is not, does, and nothing but an iteration is lost.
    private void Suspect(ulong node, string reason, TimeSpan now)
    {
        _roster.Suspect(node, reason);
        if (_stage is Stage.Trains or Stage.Forms)
            Freeze($"{_roster.NameOf(node)}: {reason}", now);
    }

    private void SuspectStuck(TimeSpan limit, TimeSpan now)
    {
        IReadOnlyList<ulong> stuck = Stragglers.Stuck(limit, now);
        if (stuck.Count == 0)
        {
            if (_stage == Stage.Trains && now - _ledger.CommittedAt > limit * 3 && Stragglers.AllWaitForSums)
                Freeze("all wait for each other's sums", now);
            return;
        }

        if (stuck.Contains(own))
        {
            // Rank 0 writes the run's files, so the others need another process to coordinate them.
            _stage = Stage.IsOver;
            output.Abdicate(RunEnds.Lost(Describe(own, now)));
            return;
        }

        foreach (ulong node in stuck)
        {
            _roster.Suspect(node, Describe(node, now));
            // One that is silent is asked; one that talks, but gets nowhere, is of no use.
            if (Stragglers.SilentFor(node, now) < settings.AnswerWait)
                _roster.Exclude(node, Describe(node, now));
        }

        Freeze(string.Join("; ", stuck.Select(node => $"{_roster.NameOf(node)}: {_roster.WhyLost(node)}")), now);
    }

    // Once an iteration, before anything follows from it.
    private void TellLate(TimeSpan now)
    {
        if (_lateIsTold || now - _ledger.CommittedAt < StuckLimit / 2)
            return;
        _lateIsTold = true;
        foreach (ulong node in Stragglers.Stuck(StuckLimit / 3, now))
            Note(ClusterEventKind.Late, $"{_roster.NameOf(node)}: {Describe(node, now)}", node);
    }

    private string Describe(ulong node, TimeSpan now) => Stragglers.Describe(
        node, _view.RankOf(node), _ledger.Committed, now);

    private void End(RunOver over)
    {
        RunOver told = over.Clone();
        told.Epoch = Epoch;
        told.Iteration = Math.Max(told.Iteration, Math.Max(_ledger.Committed, 0));
        _stage = Stage.IsOver;
        Note(ClusterEventKind.Over, told.Text.Length > 0 ? told.Text : "the run is over",
            [.. _view.Members.Select(member => member.Node)]);
        output.Broadcast(told);
        output.End(told);
    }
}
