using CaffeActors.Actors.Cluster.Messages;

namespace CaffeActors.Actors.Cluster.Coordination;

/// <summary>What a node is doing, in words.</summary>
internal static class PhaseText
{
    /// <summary>As in "it runs passes".</summary>
    public static string Of(NodePhase phase) => phase switch
    {
        NodePhase.Idle => "waits",
        NodePhase.Builds => "builds nets",
        NodePhase.ReceivesState => "takes over parameters",
        NodePhase.RunsPasses => "runs passes",
        NodePhase.Reduces => "sums gradients",
        NodePhase.Updates => "updates parameters",
        NodePhase.Tests => "tests",
        NodePhase.WritesSnapshot => "writes a snapshot",
        _ => "does what this version has no word for",
    };
}
