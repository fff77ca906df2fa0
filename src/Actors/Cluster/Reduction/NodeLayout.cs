using CaffeActors.Actors.Training;
using CaffeActors.Compute.Reduction;

namespace CaffeActors.Actors.Cluster.Reduction;

/// <summary>
/// Which gradients travel as one block, a unit: a bucket, or around a ring one of as many chunks of it as there are
/// nodes. Parameters that are not learned have no gradients and do not travel. The same at all nodes. Pure.
/// </summary>
internal sealed class NodeLayout
{
    private readonly int _chunks;

    /// <summary>Lays out a group's gradients.</summary>
    /// <param name="group">The group; its nets are built.</param>
    /// <param name="chunks">Into how many units each bucket is cut, at least 1.</param>
    public NodeLayout(ReplicaGroup group, int chunks)
    {
        _chunks = chunks;
        Units =
        [
            .. group.Buckets.SelectMany(bucket => Enumerable.Range(0, chunks).Select(chunk =>
                Cut(group, bucket, chunk, chunks).ToArray())),
        ];
        Counts = [.. Units.Select(unit => unit.Sum(piece => (long)piece.Count))];
    }

    /// <summary>By unit, its pieces of parameters, in order.</summary>
    public Piece[][] Units { get; }

    /// <summary>By unit, its values.</summary>
    public long[] Counts { get; }

    /// <summary>The first unit of a bucket; the others follow.</summary>
    public int FirstOf(int bucket) => bucket * _chunks;

    /// <summary>The unit after a bucket's last.</summary>
    public int EndOf(int bucket) => FirstOf(bucket) + _chunks;

    // What of each parameter falls into the chunk, the bucket taken as one array.
    private static IEnumerable<Piece> Cut(ReplicaGroup group, GradientBucket bucket, int chunk, int chunks)
    {
        int[] learned = [.. bucket.Params.Where(id => group.Root.Net.LearnableParams[id].LrMult != 0)];
        long all = learned.Sum(CountOf), begin = all * chunk / chunks, end = all * (chunk + 1) / chunks, at = 0;
        foreach (int id in learned)
        {
            long count = CountOf(id), from = Math.Max(begin, at), to = Math.Min(end, at + count);
            if (from < to)
                yield return new Piece(id, (int)(from - at), (int)(to - from));
            at += count;
        }

        long CountOf(int id) => group.Root.Net.LearnableParams[id].Blob.Count;
    }

    /// <summary>Values in a row.</summary>
    /// <param name="Param">Their place among the net's learnable parameters.</param>
    /// <param name="From">The first one.</param>
    /// <param name="Count">How many, at least 1.</param>
    internal readonly record struct Piece(int Param, int From, int Count);
}
