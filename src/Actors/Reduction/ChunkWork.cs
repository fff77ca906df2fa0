using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Reduction;

namespace CaffeActors.Actors.Reduction;

/// <summary>Adds or copies a part of a bucket's gradients from one replica to another, on the other's device.</summary>
internal sealed unsafe class ChunkWork : DeviceWork
{
    private readonly Replica _target;
    private readonly Replica _source;
    private readonly bool _adds;
    private readonly (int Param, int From, int Count)[] _parts;

    /// <summary>Makes the work.</summary>
    /// <param name="target">Receives.</param>
    /// <param name="source">Is read.</param>
    /// <param name="bucket">Whose gradients.</param>
    /// <param name="chunk">Which bucket and which part of it.</param>
    /// <param name="chunks">Into how many parts it is cut.</param>
    /// <param name="adds">Whether to add; else to copy.</param>
    public ChunkWork(
        Replica target, Replica source, GradientBucket bucket, Messages.ChunkReady chunk, int chunks, bool adds)
        : base(WorkOrder.Sum(chunk.Bucket), "sums gradients")
    {
        (_target, _source, _adds) = (target, source, adds);
        Chunk = chunk;
        _parts = [.. Parts(target, bucket, chunk.Chunk, chunks)];
    }

    /// <summary>Which part of which bucket.</summary>
    public Messages.ChunkReady Chunk { get; }

    protected override void Body()
    {
        foreach ((int id, int from, int count) in _parts)
        {
            Blob target = _target.Net.LearnableParams[id].Blob, source = _source.Net.LearnableParams[id].Blob;
            if (_adds)
                GradientSum.Add(_target.Device, target.MutableCpuDiff + from, source.CpuDiff + from, count);
            else
                GradientSum.Copy(_target.Device, target.MutableCpuDiff + from, source.CpuDiff + from, count);
        }
    }

    // What of each parameter falls into the chunk, the bucket taken as one array.
    private static IEnumerable<(int Param, int From, int Count)> Parts(
        Replica replica, GradientBucket bucket, int chunk, int chunks)
    {
        long all = bucket.Params.Sum(id => (long)replica.Net.LearnableParams[id].Blob.Count);
        long begin = all * chunk / chunks, end = all * (chunk + 1) / chunks, at = 0;
        foreach (int id in bucket.Params)
        {
            int count = replica.Net.LearnableParams[id].Blob.Count;
            long from = Math.Max(begin, at), to = Math.Min(end, at + count);
            if (from < to)
                yield return (id, (int)(from - at), (int)(to - from));
            at += count;
        }
    }
}
