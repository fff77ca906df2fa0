namespace CaffeActors.Analysis.Scaling;

/// <summary>What a run would be on a number of nodes.</summary>
/// <param name="Nodes">How many.</param>
/// <param name="Way">How gradients are summed.</param>
/// <param name="Iteration">Where the time of an iteration goes.</param>
/// <param name="ImagesPerSecond">Images of all nodes in a second.</param>
/// <param name="Speedup">Times as many as on one node.</param>
public sealed record ScalingRow(
    int Nodes, SumWay Way, SimulatedIteration Iteration, double ImagesPerSecond, double Speedup)
{
    /// <summary>The speed-up for each node: 1 is the best.</summary>
    public double Efficiency => Speedup / Nodes;
}
