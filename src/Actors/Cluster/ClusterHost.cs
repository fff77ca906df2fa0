using System.Globalization;
using System.Security.Cryptography;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Cluster.Tools.Singleton;
using CaffeActors.Actors.Cluster.Coordination;
using CaffeActors.Actors.Cluster.Membership;
using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Actors.Cluster.Transport;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;

namespace CaffeActors.Actors.Cluster;

/// <summary>
/// A process's part in a run of several machines: its node joins the cluster, and whatever its actor is asked to build
/// or end for an epoch is done here, one thing after the other. Requests may come from any thread at any time.
/// </summary>
public sealed class ClusterHost : ITrainingHost
{
    // How long a node that is to leave waits for the coordinator to let it go, and for the cluster to hear of it.
    private static readonly TimeSpan LeaveGrace = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(1);

    private readonly RunPlan _plan;
    private readonly ClusterSettings _settings;
    private readonly LayerCatalog _catalog;
    private readonly RunLog _log;
    private readonly TimeProvider _time;
    private readonly IReadOnlyList<IRunObserver> _observers;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _leave =
        CancellationTokenSource.CreateLinkedTokenSource(CancellationToken.None);
    private IActorRef? _node;
    private ClusterSession? _session;
    private RunRequest? _stop;
    private bool _isOver;

    /// <summary>Prepares a host; nothing is opened yet.</summary>
    /// <param name="plan">What to run; its <see cref="RunPlan.Cluster"/> is set.</param>
    /// <param name="catalog">The layer types.</param>
    /// <param name="log">The log.</param>
    /// <param name="time">The clock.</param>
    /// <param name="observers">Who watches, where this node is the first.</param>
    public ClusterHost(
        RunPlan plan, LayerCatalog catalog, RunLog log, TimeProvider time, params IReadOnlyList<IRunObserver> observers)
    {
        (_plan, _settings, _catalog, _log, _time, _observers) = (plan, plan.Cluster!, catalog, log, time, observers);
        if (plan.OnDivergence.Action == DivergenceAction.Rollback)
        {
            throw new CaffeException(ErrorCodes.BadSetting, FailureKind.Configuration,
                "train.on-divergence.action = rollback goes back on one machine only; set it to stop for a run of "
                + "several nodes, and resume it with a lower rate");
        }
    }

    /// <inheritdoc/>
    public string? RunFolder { get; private set; }

    /// <summary>Asks the run for something; a node that is not the first can only leave.</summary>
    public void Request(RunRequest request)
    {
        lock (_lock)
        {
            if (_session?.Run is not null)
            {
                _session.Request(request);
            }
            else if (request == RunRequest.Snapshot)
            {
                _log.Info("The first node writes the run's snapshots; ask there.");
                return;
            }

            if (request == RunRequest.Snapshot)
                return;
            _stop = request;
            if (_session?.Run is null)
            {
                _node?.Tell(Leave.Instance);
                if (!_isOver)
                    _leave.CancelAfter(LeaveGrace);
            }
        }
    }

    /// <inheritdoc/>
    public async Task<RunOutcome> RunAsync(Func<RunOutcome, int> exitCodeOf)
    {
        try
        {
            using NodeCertificates? certificates = _settings.Tls.Enabled
                ? NodeCertificates.Open(_settings.Tls, Environment.GetEnvironmentVariable(TlsSettings.PasswordVariable))
                : null;
            string host = await NodeHosts.OwnAsync(_settings, _leave.Token);
            ulong number = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1;
            using DataPlane plane = Listen(number, host, certificates);
            ActorSystem system = ClusterSystem.Start(_settings, host, certificates, _log, _plan.AkkaConfig);
            try
            {
                return await TakePartAsync(system, plane, number, exitCodeOf);
            }
            finally
            {
                await LeaveAsync(system);
            }
        }
        catch (OperationCanceledException) when (_leave.IsCancellationRequested)
        {
            return new RunOutcome(RunEnd.Stopped, 0);
        }
        finally
        {
            lock (_lock)
                _isOver = true;
            _leave.Dispose();
            _log.Flush();
        }
    }

    // Where the run is over all end at once, and nobody is left to let others go; a node that leaves alone tells the
    // others, so that they need not find out.
    private async Task LeaveAsync(ActorSystem system)
    {
        if (_stop is not null && !system.WhenTerminated.IsCompleted)
        {
            Task left = Akka.Cluster.Cluster.Get(system).LeaveAsync();
            await Task.WhenAny(left, system.WhenTerminated, Task.Delay(LeaveLimit, _time));
        }

        await system.Terminate();
        system.Dispose();
    }

    private DataPlane Listen(ulong number, string host, NodeCertificates? certificates) => DataPlane.Listen(new()
    {
        Node = number,
        Host = _settings.BindHost.Length > 0 ? _settings.BindHost : host,
        AdvertisedHost = host,
        Port = _settings.DataPortOrNext,
        ReconnectWithin = _settings.ReconnectWithin,
        Security = certificates is null ? null : new LinkSecurity(certificates),
        Log = line => _log.Info(line),
    });

    private async Task<RunOutcome> TakePartAsync(
        ActorSystem system, DataPlane plane, ulong number, Func<RunOutcome, int> exitCodeOf)
    {
        Member self = new()
        {
            Node = number,
            Name = ClusterSystem.NameOf(ClusterSystem.AddressOf(system)),
            DataHost = plane.Address.Host,
            DataPort = (uint)plane.Address.Port,
            Devices = (uint)_plan.Parallel.Devices.Count,
            Incarnation = (uint)Akka.Cluster.Cluster.Get(system).SelfUniqueAddress.Uid,
        };
        var orders = Channel.CreateUnbounded<NodeOrder>();
        using var decisions = new EventLog(self.Node, "coordinator", _settings.Trace, _log, _time);
        using EventLog? acts = _settings.Trace ? new EventLog(self.Node, "node", everything: true, _log, _time) : null;
        acts?.Open(Path.Combine(Directory.CreateDirectory(_plan.OutputRoot).FullName,
            string.Create(CultureInfo.InvariantCulture, $"node-{self.Node:x16}.jsonl")));
        var guard = new EpochGuard();
        var times = new StragglerTable();
        IActorRef node = system.ActorOf(
            NodeActor.Props(self, NodeFit.Of(_plan), orders.Writer, _log, acts, guard)
                .WithDispatcher(ClusterConfiguration.Control), NodeActor.Name);
        guard.Node = node;
        lock (_lock)
            _node = node;
        _log.Info($"Node {self.Name}, data port {self.DataPort}.");
        var builder = new SessionBuilder(
            _plan, _catalog, _log, _time, _observers, plane, node, guard, times, self.Node);
        await ClusterSystem.JoinAsync(system, _settings, _log, _time, _leave.Token);
        system.ActorOf(ClusterSingletonManager.Props(
            CoordinatorActor.Props(CoordinatorSettingsOf(), builder.Dealer, self.Node,
                new ClusterTelling(_log, decisions, times, Observe), _time)
                    .WithDispatcher(ClusterConfiguration.Control),
            PoisonPill.Instance,
            ClusterSingletonManagerSettings.Create(system).WithRole(ClusterConfiguration.Role)
                .WithSingletonName("coordinator")), "coordination");
        _ = system.WhenTerminated.ContinueWith(_ => orders.Writer.TryComplete(), TaskScheduler.Default);
        using CancellationTokenRegistration left = _leave.Token.Register(() => orders.Writer.TryComplete());
        return await CarryOutAsync(orders.Reader, builder, node, decisions, exitCodeOf);
    }

    private void Observe(RunEventKind kind, string text)
    {
        lock (_lock)
        {
            if (_session is { Run: { } run } session)
                session.Note(new RunEvent(_time.GetUtcNow(), run.Iteration, kind, text));
        }
    }

    private CoordinatorSettings CoordinatorSettingsOf() => new()
    {
        MinNodes = _settings.Nodes!.Least,
        MaxNodes = _settings.Nodes.Most,
        MaxRestarts = _settings.MaxRestarts,
        StartWait = _settings.StartWait,
        MinNodesWait = _settings.MinNodesWait,
        ProgressLimit = _settings.ProgressLimit,
        FixedBatch = _settings.FixedBatch,
    };

    private async Task<RunOutcome> CarryOutAsync(ChannelReader<NodeOrder> orders, SessionBuilder builder,
        IActorRef node, EventLog decisions, Func<RunOutcome, int> exitCodeOf)
    {
        CommittedState? state = null;
        NodeOrder.Build? built = null;
        try
        {
            await foreach (NodeOrder order in orders.ReadAllAsync())
            {
                switch (order)
                {
                    case NodeOrder.Build build:
                        using (build)
                            state = await RegroupAsync(build, state, builder, node, decisions);
                        built = build;
                        break;
                    case NodeOrder.StandBy:
                        if (Release() is { } idle)
                        {
                            await idle.EndAsync();
                            idle.Dispose();
                        }

                        state?.Dispose();
                        state = null;
                        break;
                    case NodeOrder.End end:
                        return await EndAsync(end.Over, built?.View.Ends ?? "", exitCodeOf);
                }
            }

            // The cluster is gone, or this node from it.
            return await EndAsync(_leave.IsCancellationRequested ? new RunOver { End = 1 } : RunEnds.Lost(
                "this node is no member of the cluster any more: it was shut out, or is on the smaller side of a "
                + "network that has come apart"), "", exitCodeOf);
        }
        finally
        {
            state?.Dispose();
        }
    }

    // What is to be kept until the next epoch: parameters that no net has yet.
    private async Task<CommittedState?> RegroupAsync(NodeOrder.Build build, CommittedState? state,
        SessionBuilder builder, IActorRef node, EventLog decisions)
    {
        CommittedState? taken = await TakeOffAsync(build);
        if (taken is not null || build.TakesState)
        {
            state?.Dispose();
            state = taken;
        }

        if (!await BuildAsync(build, state, builder, node, decisions))
            return state;
        state?.Dispose();
        return null;
    }

    private ClusterSession? Release()
    {
        lock (_lock)
        {
            ClusterSession? session = _session;
            _session = null;
            return session;
        }
    }

    // What the epoch before committed, where this node trained in it.
    private async Task<CommittedState?> TakeOffAsync(NodeOrder.Build build)
    {
        if (Release() is not { } before)
            return null;
        if (!build.TakesState)
            return await before.TakeOffAsync(build.View.Base, build.CommitFirst);
        await before.EndAsync();
        before.Dispose();
        return null;
    }

    private async Task<bool> BuildAsync(
        NodeOrder.Build build, CommittedState? state, SessionBuilder builder, IActorRef node, EventLog decisions)
    {
        try
        {
            ClusterSession? session =
                await builder.BuildAsync(build.View, build.TakesState ? null : state, build.TakesState, build.Outdated);
            if (session is null)
            {
                // All runs to go on with are finished.
                RunFolder = builder.FinishedFolder;
                node.Tell(new SessionOver(build.View.Epoch, new RunOutcome(RunEnd.Finished, _plan.Solver.MaxIter)));
                return false;
            }

            if (session.Run is { } run)
            {
                RunFolder = run.Folder.Path;
                decisions.Open(Path.Combine(run.Folder.Path, EventLog.FileName));
            }

            lock (_lock)
            {
                _session = session;
                if (session.Run is not null && (_stop ?? (build.View.Ends.Length > 0
                    ? RunRequest.StopWithSnapshot : null)) is { } stop)
                {
                    session.Request(stop);
                }
            }

            Watch(session, node);
            node.Tell(new SessionBuilt(session, builder.Ready(session)));
            return true;
        }
        catch (OperationCanceledException) when (build.Outdated.IsCancellationRequested)
        {
            // Another epoch is asked for already.
            return false;
        }
        catch (CaffeException failure)
        {
            _log.Error(failure);
            node.Tell(new SessionFailed(build.View.Epoch, failure));
            return false;
        }
    }

    // The first node's run tells how it ends; of the others only failures count.
    private static void Watch(ClusterSession session, IActorRef node) => session.Over.ContinueWith(over =>
    {
        RunOutcome outcome = over.Result;
        if (outcome.End == RunEnd.Regrouped)
            return;
        if (session.Run is not null)
            node.Tell(new SessionOver(session.Epoch, outcome));
        else if (outcome.Failure is { } failure)
            node.Tell(new SessionFailed(session.Epoch, failure));
    }, TaskScheduler.Default);

    private async Task<RunOutcome> EndAsync(RunOver over, string ends, Func<RunOutcome, int> exitCodeOf)
    {
        CaffeException? failure = over.End == 2 ? new CaffeException(over.Code, (FailureKind)over.Kind, over.Text)
            : ends.Length > 0 ? new CaffeException(ErrorCodes.ClusterLost, FailureKind.Cluster,
                $"{ends}; the run ends with a snapshot of iteration {over.Iteration}")
            : null;
        var outcome = new RunOutcome(failure is not null ? RunEnd.Failed
            : over.End == 0 ? RunEnd.Finished : RunEnd.Stopped, (int)over.Iteration, failure);
        ClusterSession? session = Release();
        if (session is null)
            return outcome;
        try
        {
            await session.EndAsync();
            return session.Run is { } run ? RunEnding.Write(run, outcome, exitCodeOf, _log, _time) : outcome;
        }
        finally
        {
            session.Dispose();
        }
    }
}
