using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Cluster.Coordination;

/// <summary>How a run comes to an end that its first node does not tell.</summary>
internal static class RunEnds
{
    /// <summary>By a cluster that cannot go on.</summary>
    /// <param name="text">Why.</param>
    public static RunOver Lost(string text) => new()
    {
        End = 2,
        Kind = (int)FailureKind.Cluster,
        Code = ErrorCodes.ClusterLost,
        Text = text,
    };

    /// <summary>By the failure of a node that is one for all.</summary>
    /// <param name="failed">What it told.</param>
    public static RunOver By(NodeFailed failed) =>
        new() { End = 2, Kind = failed.Kind, Code = failed.Code, Text = failed.Text };
}
