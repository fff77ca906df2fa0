using CaffeActors.Actors.Cluster.Transport;

namespace CaffeActors.Actors.Messages;

// What replicas and reducers say to each other, of one bucket of parameters. Each side makes its messages once.

/// <summary>To a reducer: a bucket's gradients are complete in the diffs of a replica you know; take them.</summary>
/// <param name="Bucket">Which bucket.</param>
internal sealed record BucketReady(int Bucket);

/// <summary>To the root replica: a bucket's gradients of all replicas are summed up in your diffs.</summary>
/// <param name="Bucket">Which bucket.</param>
internal sealed record BucketReduced(int Bucket);

/// <summary>To reducers and replicas: a bucket's new parameters are there.</summary>
/// <param name="Bucket">Which bucket.</param>
internal sealed record BucketUpdated(int Bucket);

/// <summary>To the next one in the ring: what you are to add to of a bucket's gradients is there.</summary>
/// <param name="Bucket">Which bucket.</param>
/// <param name="Chunk">Which part of it.</param>
internal sealed record ChunkReady(int Bucket, int Chunk);

/// <summary>To the root's place in the ring: all replicas' gradients of a part of a bucket are summed up where its way
/// ends.</summary>
/// <param name="Bucket">Which bucket.</param>
/// <param name="Chunk">Which part of it.</param>
internal sealed record ChunkSummed(int Bucket, int Chunk);

/// <summary>To a node's reducer: a replica's passes of the iteration are done, its loss is there.</summary>
/// <param name="Rank">The replica in this process.</param>
internal sealed record PassesDone(int Rank);

/// <summary>To a node's reducer: a block has come over a link.</summary>
/// <param name="Peer">Rank of the sender among the nodes.</param>
/// <param name="Stream">A partial sum or the whole one.</param>
/// <param name="Unit">What of the gradients it is.</param>
internal sealed record BlockArrived(int Peer, BlockStream Stream, int Unit);

/// <summary>To a node's reducer: a block that it sent has arrived.</summary>
/// <param name="Stream">A partial sum or the whole one.</param>
/// <param name="Unit">What of the gradients it is.</param>
internal sealed record BlockSent(BlockStream Stream, int Unit);

// What a node's reducer and the cluster say to each other, of a whole iteration.

/// <summary>To the cluster: this node holds the sum of all nodes' gradients; it waits for the word to update.</summary>
/// <param name="Epoch">The epoch that it was summed in.</param>
/// <param name="Iteration">Updates done so far.</param>
/// <param name="Loss">Its share of the batch's loss (see <see cref="Compute.Reduction.BatchDeal"/>).</param>
/// <param name="PassTicks">Time of its passes, in <see cref="System.Diagnostics.Stopwatch"/> ticks.</param>
/// <param name="WaitTicks">Time from their end to this.</param>
internal sealed record StepReduced(long Epoch, int Iteration, float Loss, long PassTicks, long WaitTicks);

/// <summary>To a node's reducer: all nodes hold the sum; update.</summary>
/// <param name="Iteration">Updates done so far.</param>
/// <param name="Loss">The whole batch's loss.</param>
internal sealed record StepCommitted(int Iteration, float Loss);

/// <summary>To a node's reducer: its links are closed, and nobody asks for what it sent any more.</summary>
internal sealed record LinksClosed
{
    public static readonly LinksClosed Instance = new();
}

/// <summary>To the cluster: a link to another node is gone.</summary>
/// <param name="Epoch">The epoch of the link.</param>
/// <param name="Rank">The other's rank among the nodes.</param>
/// <param name="Reason">Why, for people.</param>
/// <param name="IsGone">Whether its process is known to be gone.</param>
internal sealed record NodeLost(long Epoch, int Rank, string Reason, bool IsGone = false);
