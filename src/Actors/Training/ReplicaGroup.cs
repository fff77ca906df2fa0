using System.Diagnostics;
using CaffeActors.Actors.Cluster;
using CaffeActors.Actors.Cluster.Reduction;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Metrics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Reduction;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Layers;

namespace CaffeActors.Actors.Training;

/// <summary>
/// The replicas of a run, which train one set of parameters together. The first one, rank 0, is the root: it alone
/// updates, tests, tells and is kept in snapshots. What is set is set on the root's thread, but for the losses.
/// </summary>
internal sealed class ReplicaGroup : IDisposable
{
    private long _exposedTicks;
    private int _steps;

    /// <summary>Puts replicas together.</summary>
    /// <param name="replicas">By rank, at least one.</param>
    /// <param name="optimizer">The update rule and history, over the root's parameters.</param>
    /// <param name="bucketSize">Bytes of gradients that travel together, at least 1. Default: all in one bucket, since
    /// of one replica nothing travels.</param>
    public ReplicaGroup(IReadOnlyList<Replica> replicas, Optimizer optimizer, long bucketSize = long.MaxValue)
    {
        Replicas = replicas;
        Optimizer = optimizer;
        Buckets = GradientBuckets.Of(Root.Net, bucketSize);
        Plan = ReductionPlan.Of(replicas.Count);
        Losses = new float[replicas.Count];
    }

    /// <summary>The replicas by rank.</summary>
    public IReadOnlyList<Replica> Replicas { get; }

    /// <summary>The one of rank 0.</summary>
    public Replica Root => Replicas[0];

    /// <summary>The update rule and history.</summary>
    public Optimizer Optimizer { get; }

    /// <summary>Threads on which the replicas' actors live: one each; of a placed one, one for itself and one for each
    /// device.</summary>
    public int Threads => Root.Placement is { } placement ? placement.Devices.Count + 1 : Replicas.Count;

    /// <summary>Who adds whose gradients.</summary>
    public ReductionPlan Plan { get; }

    /// <summary>Parameters that travel together, in the order in which gradients become complete.</summary>
    public IReadOnlyList<GradientBucket> Buckets { get; }

    /// <summary>How the gradients are summed. Default tree.</summary>
    public ReductionKind Reduction { get; init; } = ReductionKind.Tree;

    /// <summary>
    /// Whether diffs keep the update values after an iteration (for <c>snapshot_diff</c>) and are cleared before the
    /// next; else the update clears them in passing. Default false.
    /// </summary>
    public bool KeepsUpdates { get; init; }

    /// <summary>A failure that is asked for; null, the default: none.</summary>
    public Fault? Fault { get; init; }

    /// <summary>Whether an update must know all gradients before it begins.</summary>
    public bool UpdatesAtOnce =>
        Replicas.Count == 1 || Optimizer.NeedsAllGradients || !Optimizer.LarcAlignment.IsEmpty;

    /// <summary>Whether passes are grains of one global batch, added in an order that does not depend on how many
    /// replicas share them. Default false.</summary>
    public bool IsReproducible { get; init; }

    /// <summary>Multiplies the summed gradients: 1 over their number, iter_size apart. Default 1 / replicas, of
    /// all nodes together.</summary>
    public float GradientScale => Seat?.Deal.GradientScale ?? 1f / (Replicas.Count * PassesOfBatch);

    /// <summary>Passes that one batch of a replica is cut into. Default 1.</summary>
    public int PassesOfBatch { get; init; } = 1;

    /// <summary>What the node exchanges with others; null, as at first: this process is alone.</summary>
    public NodeExchange? Exchange { get; private set; }

    /// <summary>The node's place among several that train together; null where this process is alone.</summary>
    public NodeSeat? Seat => Exchange?.Seat;

    /// <summary>Updates done before the iteration that is under way.</summary>
    public int Iteration { get; private set; }

    /// <summary>When it began, in <see cref="Stopwatch"/> ticks.</summary>
    public long StepBegan { get; private set; }

    /// <summary>The whole batch's loss of the last iteration that all nodes committed.</summary>
    public float CommittedLoss { get; set; }

    /// <summary>The numbers of passes where their random numbers follow from them; null, the default: each replica has
    /// its own.</summary>
    public PassNumbers? Numbers { get; init; }

    /// <summary>Records of an iteration of all replicas of all nodes.</summary>
    /// <param name="batch">Records of a pass.</param>
    public int RecordsInAll(int batch) => Seat is { Deal: { Records: > 0 } deal }
        ? checked((int)(deal.Records * (deal.IsReproducible ? 1 : Root.Passes)))
        : batch * Replicas.Count * Root.Passes * (Root.Pipeline?.MicroBatches ?? 1);

    /// <summary>The learning rate of the last update.</summary>
    public float Rate { get; set; }

    /// <summary>By rank, the mean loss of a replica's passes in the last iteration; with reproducible sums their
    /// sum. Each is set on its replica's thread before it tells that it is done.</summary>
    public float[] Losses { get; }

    /// <summary>What goes into <see cref="Losses"/>.</summary>
    /// <param name="passes">The losses of a replica's passes.</param>
    public float LossOf(float[] passes)
    {
        if (IsReproducible)
            return FixedTree.Sum(passes);
        float sum = 0;
        foreach (float loss in passes)
            sum += loss;
        return sum / passes.Length;
    }

    /// <summary>Makes the replicas those of one of several nodes, before their actors are started.</summary>
    /// <param name="seat">Its place.</param>
    public void Join(NodeSeat seat) => Exchange = new NodeExchange(this, seat);

    /// <summary>Undoes what the passes of an iteration that is given up did to the root's blobs, once no actor of the
    /// replicas lives any more: its parameters are then those of the last commit.</summary>
    public void RestoreCommitted() => Exchange?.Statistics.Restore();

    /// <summary>Notes the beginning of an iteration.</summary>
    /// <param name="iteration">Updates done so far.</param>
    public void BeginStep(int iteration) => (Iteration, StepBegan) = (iteration, Stopwatch.GetTimestamp());

    /// <summary>Notes the end of an iteration.</summary>
    /// <param name="ticks">Time from the end of the root's passes to its last update, in <see cref="Stopwatch"/>
    /// ticks: reduction that no pass hides.</param>
    public void EndStep(long ticks)
    {
        if (Replicas.Count > 1 || Seat is not null)
            TrainingMeter.ReduceWait(ticks);
        _exposedTicks += ticks;
        _steps++;
    }

    /// <summary>Mean milliseconds of an iteration in which the root waited for sums and updates, since the last
    /// call.</summary>
    public double TakeExposed()
    {
        double mean = _exposedTicks * 1000.0 / Stopwatch.Frequency / Math.Max(1, _steps);
        (_exposedTicks, _steps) = (0, 0);
        return mean;
    }

    /// <summary>Gives all replicas the root's parameters, down the tree.</summary>
    public void ShareWeights()
    {
        foreach (ReductionPair pair in Plan.Pairs.Reverse())
        {
            Replica parent = Replicas[pair.Parent], child = Replicas[pair.Child];
            for (int id = 0; id < parent.Net.LearnableParams.Count; id++)
            {
                GradientSum.TakeOver(
                    child.Device, child.Net.LearnableParams[id], parent.Net.LearnableParams[id]);
            }
        }
    }

    /// <summary>Brings the data of all replicas to where the root's are: what holds between two iterations where they
    /// take records in rows.</summary>
    public void ShareDataPositions()
    {
        foreach (NetLayer layer in Root.Net.Layers.Where(layer => layer.Layer is BatchLayer))
        {
            foreach (Replica replica in Replicas.Skip(1))
                ((BatchLayer)replica.Net.Layers[layer.Rank].Layer).Seek(((BatchLayer)layer.Layer).Position);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Exchange?.Dispose();
        Optimizer.Dispose();
        foreach (Replica replica in Replicas)
            replica.Dispose();
    }
}
