using CaffeActors.Compute.Nets;

namespace CaffeActors.Actors.Training;

/// <summary>What <c>.resume</c> files call nets.</summary>
internal static class NetNames
{
    /// <summary>The train nets of some replicas: <c>train</c>, the root's, and <c>train.1</c>, ....</summary>
    public static IReadOnlyList<(string Key, Net Net)> OfReplicas(ReplicaGroup group) =>
        [.. group.Replicas.Select((replica, rank) => (rank == 0 ? "train" : $"train.{rank}", replica.Net))];
}
