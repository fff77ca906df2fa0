namespace CaffeActors.Cluster.Tests.Runs;

/// <summary>Tests of several processes each: one at a time, and none beside others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public static class ClusterRunCollection
{
    /// <summary>Its name.</summary>
    public const string Name = "runs of several processes";
}
