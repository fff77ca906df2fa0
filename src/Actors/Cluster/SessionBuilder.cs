using Akka.Actor;
using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Actors.Cluster.Reduction;
using CaffeActors.Actors.Cluster.Transport;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Reduction;
using CaffeActors.Data.Runs;
using Google.Protobuf;

namespace CaffeActors.Actors.Cluster;

/// <summary>
/// Builds what trains on a node in an epoch: links, the parameters from where they are, nets for the node's share,
/// their actors.
/// </summary>
/// <param name="plan">What the run does.</param>
/// <param name="catalog">The layer types.</param>
/// <param name="log">The log.</param>
/// <param name="time">The clock.</param>
/// <param name="observers">Who watches the run.</param>
/// <param name="plane">The data plane.</param>
/// <param name="node">The node's actor.</param>
/// <param name="guard">Asked before snapshots are committed.</param>
/// <param name="times">What nodes tell of their times.</param>
/// <param name="self">The node's number.</param>
internal sealed class SessionBuilder(
    RunPlan plan, LayerCatalog catalog, RunLog log, TimeProvider time, IReadOnlyList<IRunObserver> observers,
    DataPlane plane, IActorRef node, EpochGuard guard, StragglerTable times, ulong self)
{
    private readonly long _began = time.GetTimestamp();

    /// <summary>How a batch is dealt out.</summary>
    public BatchDealer Dealer { get; } = new(plan, () => TrainingRunBuilder.StoredBatch(plan));

    // What earlier epochs used up of the run's time does not begin anew.
    private RunPlan PlanNow => plan with { TimeBudget = plan.TimeBudget - time.GetElapsedTime(_began) };

    /// <summary>The folder of the finished run that there is nothing to add to.</summary>
    public string? FinishedFolder { get; private set; }

    /// <summary>Builds it.</summary>
    /// <param name="view">The epoch.</param>
    /// <param name="own">What this node goes on from; null where it has nothing.</param>
    /// <param name="takesState">Whether it takes over what the source has.</param>
    /// <param name="cancel">Set when another epoch is asked for.</param>
    /// <returns>What trains; null where all runs to go on with are finished.</returns>
    /// <exception cref="Compute.Diagnostics.CaffeException">Something does not fit.</exception>
    /// <exception cref="OperationCanceledException">Another epoch is asked for.</exception>
    public async Task<ClusterSession?> BuildAsync(
        View view, CommittedState? own, bool takesState, CancellationToken cancel)
    {
        int rank = view.RankOf(self), source = (int)view.Source;
        BatchDeal deal = Dealer.Deal(view.Members, view.BatchRecords);
        var links = new LinkRouter((peer, reason, isGone) =>
            node.Tell(new NodeLost((long)view.Epoch, peer, reason, isGone)));
        bool done = false;
        CommittedState? received = null;
        try
        {
            links.Links = plane.Open(view.Epoch, rank, Addresses(view), Neighbours(view, deal, rank), links);
            if (rank != source)
            {
                StateHead head = await links.HeadAsync(cancel);
                received = takesState
                    ? new CommittedState(head, await links.BlobsAsync((int)head.Blobs, cancel))
                    : own! with { Head = head };
            }

            var seat = new NodeSeat((long)view.Epoch, rank, deal)
            {
                OpenLinks = (_, listener) => links.Use(listener),
                Node = node,
                Compresses = plan.Cluster!.Compression == GradientCompression.Fp16,
            };
            var part = new ClusterPart(
                seat, view.BatchRecords, received ?? own, times, () => guard.Require(view.Epoch));
            log.TellsOfNets = rank == 0 && part.State is null;
            ClusterSession? session = rank == 0 ? Lead(part, links) : Follow(part, links);
            done = session is not null;
            if (session is null)
                return null;
            await Task.WhenAny(seat.Watch.Reducer, session.Over).WaitAsync(cancel);
            if (rank == source)
                HandOver(view, session, links);
            return session;
        }
        finally
        {
            if (takesState)
                received?.Dispose();
            if (!done)
                links.Dispose();
        }
    }

    /// <summary>What is told of a session that stands at its beginning.</summary>
    public Ready Ready(ClusterSession session)
    {
        StateHead head = session.Head();
        return new Ready
        {
            Epoch = session.Epoch,
            Node = self,
            Iteration = head.Iteration,
            StateHash = StateBlocks.Hash(StateBlocks.Of(session.Replicas)),
            RunId = head.RunId,
            Seed = head.Seed,
            BatchRecords = head.BatchRecords,
        };
    }

    private ClusterSession? Lead(ClusterPart part, LinkRouter links)
    {
        (TrainingRun? run, RunRecord? finished) = TrainingRunBuilder.Build(PlanNow, catalog, log, time, part: part);
        FinishedFolder = finished?.Path;
        if (run is null)
            return null;
        var actors = ActorSession.Start(plan, log, run.Replicas.Threads, time,
            over => RunActor.Props(run, [.. observers.Select(observer => new WatcherThread(observer, log))], over));
        return new ClusterSession(part, plan, links, run, null, actors);
    }

    private ClusterSession Follow(ClusterPart part, LinkRouter links)
    {
        CommittedState state = part.State!;
        Follower follower = new(plan, ReplicaGroupBuilder.Build(
            plan, catalog, state.Head.Seed, log, part.Seat, part.BatchRecords));
        try
        {
            state.Restore(follower.Replicas, follower.Nets(), follower.Smoothed);
            follower.Iteration = (int)state.Head.Iteration;
            follower.Replicas.ShareWeights();
            follower.Replicas.ShareDataPositions();
        }
        catch
        {
            follower.Dispose();
            throw;
        }

        var actors = ActorSession.Start(
            plan, log, follower.Replicas.Threads, time, over => FollowerActor.Props(follower, over));
        return new ClusterSession(part, plan, links, null, follower, actors);
    }

    // The source's state goes to all: what learning rates go by must be the same everywhere.
    private static unsafe void HandOver(View view, ClusterSession session, LinkRouter links)
    {
        StateHead head = session.Head();
        byte[] bytes = head.ToByteArray();
        Blob sent = links.Keep(new Blob((bytes.Length + 3) / 4));
        bytes.CopyTo(new Span<byte>(sent.MutableCpuData, bytes.Length));
        BlockPart[] told = [new BlockPart((nint)sent.CpuData, bytes.Length)];
        IReadOnlyList<Blob> blobs = StateBlocks.Of(session.Replicas);
        for (int rank = 0; rank < view.Members.Count; rank++)
        {
            if (rank == (int)view.Source)
                continue;
            links.Links!.Send(rank, new BlockId(BlockStream.State, 0, 0), told);
            if (view.Holders.Contains(view.Members[rank].Node))
                continue;
            for (int i = 0; i < blobs.Count; i++)
                links.Links.Send(rank, new BlockId(BlockStream.State, 0, i + 1), [StateBlocks.Part(blobs[i])]);
        }
    }

    private IReadOnlyList<int> Neighbours(View view, BatchDeal deal, int rank)
    {
        int count = view.Members.Count, source = (int)view.Source;
        IEnumerable<int> sums = plan.Parallel.Reduction == ReductionKind.Ring
            ? Enumerable.Range(0, count).SelectMany(chunk => NodeRoute.OfRing(count, rank, chunk).Neighbours)
            : NodeRoute.OfTree(deal, rank).Neighbours;
        IEnumerable<int> state = rank == source ? Enumerable.Range(0, count) : [source];
        return [.. sums.Concat(state).Where(other => other != rank).Distinct().Order()];
    }

    private static IReadOnlyList<PeerAddress> Addresses(View view) =>
    [
        .. view.Members.Select(member =>
            new PeerAddress(member.Node, member.Name, member.DataHost, (int)member.DataPort)),
    ];
}
