using System.IO.Hashing;
using CaffeActors.Actors.Cluster.Transport;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Actors.Cluster;

/// <summary>The blobs that training goes on from, in the one order in which they are hashed and handed over:
/// parameters, then history.</summary>
internal static unsafe class StateBlocks
{
    /// <summary>Those of some replicas: the root's parameters.</summary>
    public static IReadOnlyList<Blob> Of(ReplicaGroup group) =>
        [.. group.Root.Net.LearnableParams.Select(param => param.Blob), .. group.Optimizer.History];

    /// <summary>Those of the last commit, while replicas may have run passes since: what passes change is as it was
    /// then.</summary>
    public static IReadOnlyList<Blob> Committed(ReplicaGroup group) =>
        [.. Of(group).Select(blob => group.Exchange?.Statistics.CommittedOf(blob) ?? blob)];

    /// <summary>XxHash3 over all of them, in order.</summary>
    public static ulong Hash(IReadOnlyList<Blob> blobs)
    {
        var hash = new XxHash3();
        foreach (Blob blob in blobs)
            hash.Append(new ReadOnlySpan<byte>(blob.CpuData, checked(blob.Count * sizeof(float))));
        return hash.GetCurrentHashAsUInt64();
    }

    /// <summary>A blob's bytes, as they are sent.</summary>
    public static BlockPart Part(Blob blob) => BlockPart.Of(blob.CpuData, blob.Count);
}
