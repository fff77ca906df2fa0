using Akka.Actor;
using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Nets;
using CaffeActors.Data.Layers;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Actors.Cluster;

/// <summary>
/// What trains on a node in one epoch, in an actor system of its own: a whole run on the first node, replicas on the
/// others. Its methods are called by the node's actor and its process, one at a time; figures may be read from any
/// thread.
/// </summary>
internal sealed class ClusterSession
{
    // Every so many iterations nodes compare what they have.
    private const int HashEvery = 100;

    private readonly ClusterPart _part;
    private readonly RunPlan _plan;
    private readonly LinkRouter _links;
    private readonly TrainingRun? _run;
    private readonly Follower? _follower;
    private readonly ActorSession _actors;
    private readonly IReadOnlyDictionary<string, long> _positions;
    private readonly int _start;

    /// <summary>Starts what is built; training begins with <see cref="Begin"/>.</summary>
    /// <param name="part">Its place in the epoch.</param>
    /// <param name="plan">What the run does.</param>
    /// <param name="links">The epoch's links.</param>
    /// <param name="run">The run, on the first node; else null.</param>
    /// <param name="follower">The replicas, on the others; else null.</param>
    /// <param name="actors">Their actors.</param>
    public ClusterSession(
        ClusterPart part, RunPlan plan, LinkRouter links, TrainingRun? run, Follower? follower, ActorSession actors)
    {
        (_part, _plan, _links, _run, _follower, _actors) = (part, plan, links, run, follower, actors);
        _start = Iteration;
        part.Seat.Watch.Applied(_start);
        _positions = NetStand.Take(TrainNet).DataPositions;
    }

    /// <summary>The epoch.</summary>
    public ulong Epoch => (ulong)_part.Seat.Epoch;

    /// <summary>The run; null on a node that is not the first.</summary>
    public TrainingRun? Run => _run;

    /// <summary>Updates done.</summary>
    public int Iteration => _run?.Iteration ?? _follower!.Iteration;

    /// <summary>How it ends.</summary>
    public Task<RunOutcome> Over => _actors.Over;

    /// <summary>The replicas.</summary>
    public ReplicaGroup Replicas => _run?.Replicas ?? _follower!.Replicas;

    /// <summary>Changes while anything goes on here.</summary>
    public ulong Counter
    {
        get
        {
            ulong sum = (ulong)_links.Events;
            foreach (ActorActivity activity in Activities)
                sum += activity.Changes;
            return sum + (ulong)Iteration;
        }
    }

    /// <summary>What was sent to other nodes so far, and how often connections broke.</summary>
    public (long BytesSent, long Breaks) Carried => _links.Links!.Carried;

    /// <summary>Ranks of the nodes whose gradients or sums are waited for.</summary>
    public IEnumerable<int> WaitsFor => _part.Seat.Watch.WaitsFor;

    private IReadOnlyList<ActorActivity> Activities => _run?.Activities ?? _follower!.Activities;

    private IReadOnlyList<(string Key, Net Net)> TrainNet => [.. NetNames.OfReplicas(Replicas).Take(1)];

    /// <summary>Training goes on.</summary>
    public void Begin() => _actors.Top.Tell(Actors.Messages.Begin.Instance);

    /// <summary>Someone asks the run for something.</summary>
    public void Request(RunRequest request) => _actors.Top.Tell(request);

    /// <summary>Whoever watches the run hears of something.</summary>
    public void Note(RunEvent what) => _actors.Top.Tell(what);

    /// <summary>An iteration is committed.</summary>
    /// <param name="iteration">Updates done so far.</param>
    /// <param name="loss">The whole batch's loss.</param>
    public void Commit(int iteration, float loss) =>
        _part.Seat.Watch.Reducer.Result.Tell(new StepCommitted(iteration, loss));

    /// <summary>What a node tells that it is doing.</summary>
    /// <param name="runs">Whether the epoch has begun to train.</param>
    /// <param name="holdsSum">Whether the sum of the next iteration is whole.</param>
    public NodePhase Phase(bool runs, bool holdsSum) =>
        !runs || holdsSum ? NodePhase.Idle
        : _run?.SolverActivity.Doing switch
        {
            SolverActor.Tests => NodePhase.Tests,
            SolverActor.WaitsForFiles => NodePhase.WritesSnapshot,
            _ => (NodePhase?)null,
        } ?? (Replicas.Root.Activity.Doing == ReplicaActor.Reduces ? NodePhase.Reduces : NodePhase.RunsPasses);

    /// <summary>The hash of the parameters before an iteration, where it is one in which nodes compare them; else 0. To
    /// be called while the sum of the iteration waits for its commit: nothing changes then.</summary>
    public ulong HashFor(int iteration) =>
        iteration % HashEvery == 0 && iteration > _start ? StateBlocks.Hash(StateBlocks.Committed(Replicas)) : 0;

    /// <summary>The records that this node takes in an iteration: data layer, the first one's number, how
    /// many.</summary>
    /// <param name="iteration">Updates done before it.</param>
    public IReadOnlyList<(string Layer, long First, long Count)> RecordsOf(long iteration)
    {
        Compute.Reduction.NodeShare share = _part.Seat.Deal.Shares[_part.Seat.Rank];
        long row = _part.RecordsOfIteration(_plan), begun = iteration - _start;
        int times = _part.Seat.Deal.IsReproducible ? 1 : _plan.Solver.IterSize;
        return
        [
            .. _positions.SelectMany(entry => Enumerable.Range(0, times).Select(turn => (entry.Key,
                entry.Value + (begun * row) + (turn * _part.Seat.Deal.Records) + share.Offset, share.Records))),
        ];
    }

    /// <summary>Ends training, first updating by the sum that is held where that is wanted, and takes what was
    /// committed.</summary>
    /// <param name="committed">The iteration that is to be taken: updates done.</param>
    /// <param name="commitFirst">Whether its sum is held and still to be updated by.</param>
    public async Task<CommittedState> TakeOffAsync(long committed, bool commitFirst)
    {
        // A peer that is stopped or gone would never say that it has what was sent.
        _links.Dispose();
        _part.Seat.Watch.Reducer.Result.Tell(LinksClosed.Instance);
        // The loss went with the old coordinator.
        if (commitFirst)
            Commit((int)committed - 1, float.NaN);
        await Task.WhenAny(_part.Seat.Watch.AppliedAsync(committed), Over);
        await EndAsync();
        Replicas.RestoreCommitted();
        var state = CommittedState.Of(Replicas, Head());
        Dispose();
        return state;
    }

    /// <summary>Everything but the blobs that others go on from; while nobody trains here.</summary>
    public StateHead Head()
    {
        StateHead head = CommittedState.HeadOf(Iteration, Replicas.Optimizer, Resume(), _part.BatchRecords);
        head.Blobs = (uint)StateBlocks.Of(Replicas).Count;
        if (_run is not null)
            (head.TestedAt, head.SnapshotAt) = (_run.TestsEndedAt, _run.SnapshotAt);
        return head;
    }

    /// <summary>Ends training where it is.</summary>
    public async Task EndAsync()
    {
        _actors.Top.Tell(new RunOutcome(RunEnd.Regrouped, Iteration));
        await _actors.Over;
        _links.Dispose();
        await _actors.StopAsync();
    }

    /// <summary>Frees nets and files, once it has ended.</summary>
    public void Dispose()
    {
        _run?.Dispose();
        _follower?.Dispose();
    }

    // Data and random numbers stand where the committed iteration left them, whatever was begun since.
    private ResumeState Resume()
    {
        NetStand stand = _run?.StandOfNets() ?? NetStand.Take(_follower!.Nets());
        long moved = (Iteration - _start) * _part.RecordsOfIteration(_plan);
        var positions = stand.DataPositions.Where(entry => !entry.Key.StartsWith("train.", StringComparison.Ordinal))
            .ToDictionary(entry => entry.Key,
                entry => _positions.TryGetValue(entry.Key, out long first) ? first + moved : entry.Value);
        stand = stand with
        {
            DataPositions = positions,
            RandomStreams =
            [
                .. stand.RandomStreams.Where(stream => !stream.Name.StartsWith("train", StringComparison.Ordinal)),
            ],
        };
        return _run?.ResumeOf(stand)
            ?? ResumeState.Of(_plan.Nets.Train, _plan.Solver, _part.State!.Head.Seed, stand, Replicas.Optimizer,
                _follower!.Smoothed) with
            {
                RunId = _part.State.Head.RunId,
                Iteration = Iteration,
                BatchRecords = _part.BatchRecords,
            };
    }
}
