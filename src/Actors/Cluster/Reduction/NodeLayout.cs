using CaffeActors.Actors.Training;
using CaffeActors.Compute.Reduction;

namespace CaffeActors.Actors.Cluster.Reduction;

/// <summary>
/// Which gradients travel as one block, a unit: a part of a bucket, so that a large one is on its way down again while
/// its end still goes up. Parameters that are not learned have no gradients and do not travel. The same at all nodes.
/// Pure.
/// </summary>
internal sealed class NodeLayout
{
    // A unit takes about as long to travel as half a dozen threads take to wake.
    private const long UnitValues = (512 << 10) / sizeof(float);

    private readonly int[] _firsts;

    /// <summary>Lays out a group's gradients.</summary>
    /// <param name="group">The group; its nets are built.</param>
    /// <param name="multiple">Each bucket is cut into a multiple of so many units, at least 1: around a ring the number
    /// of nodes.</param>
    public NodeLayout(ReplicaGroup group, int multiple)
    {
        int[] chunks = [.. group.Buckets.Select(bucket => ChunksOf(group, bucket, multiple))];
        _firsts = new int[chunks.Length + 1];
        for (int bucket = 0; bucket < chunks.Length; bucket++)
            _firsts[bucket + 1] = _firsts[bucket] + chunks[bucket];
        Units =
        [
            .. group.Buckets.SelectMany((bucket, b) => Enumerable.Range(0, chunks[b]).Select(chunk =>
                Cut(group, bucket, chunk, chunks[b]).ToArray())),
        ];
        Chunks = [.. chunks.SelectMany(count => Enumerable.Range(0, count))];
        Counts = [.. Units.Select(unit => unit.Sum(piece => (long)piece.Count))];
    }

    /// <summary>By unit, its number within its bucket.</summary>
    public int[] Chunks { get; }

    /// <summary>By unit, its pieces of parameters, in order.</summary>
    public Piece[][] Units { get; }

    /// <summary>By unit, its values.</summary>
    public long[] Counts { get; }

    /// <summary>The first unit of a bucket; the others follow.</summary>
    public int FirstOf(int bucket) => _firsts[bucket];

    /// <summary>The unit after a bucket's last.</summary>
    public int EndOf(int bucket) => _firsts[bucket + 1];

    private static int ChunksOf(ReplicaGroup group, GradientBucket bucket, int multiple)
    {
        long values = LearnedIn(group, bucket).Sum(id => (long)group.Root.Net.LearnableParams[id].Blob.Count);
        return multiple * (int)Math.Max(1, (values + (multiple * UnitValues) - 1) / (multiple * UnitValues));
    }

    private static int[] LearnedIn(ReplicaGroup group, GradientBucket bucket) =>
        [.. bucket.Params.Where(id => group.Root.Net.LearnableParams[id].LrMult != 0)];

    // What of each parameter falls into the chunk, the bucket taken as one array.
    private static IEnumerable<Piece> Cut(ReplicaGroup group, GradientBucket bucket, int chunk, int chunks)
    {
        int[] learned = LearnedIn(group, bucket);
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
