namespace CaffeActors.Analysis.Scaling;

/// <summary>A net's training on one node, and what it would be on several.</summary>
/// <param name="Pass">What a node does with its images, when it is alone.</param>
/// <param name="Images">Images of that pass, at least 1.</param>
/// <param name="Network">What joins nodes.</param>
public sealed record ScalingStudy(NodePass Pass, double Images, NodeNetwork Network)
{
    /// <summary>Weak scaling: each node takes as many images as one alone.</summary>
    public ScalingRow Weak(SumWay way, int nodes) => Row(way, nodes, Pass, Images * nodes);

    /// <summary>Strong scaling: nodes share the images of one alone.</summary>
    public ScalingRow Strong(SumWay way, int nodes) => Row(way, nodes, Pass.Times(1.0 / nodes), Images);

    private ScalingRow Row(SumWay way, int nodes, NodePass pass, double images)
    {
        SimulatedIteration iteration = ClusterSimulator.Play(pass, Network, way, nodes);
        double rate = images / iteration.Total;
        return new ScalingRow(nodes, way, iteration, rate, rate * (Pass.Seconds + Pass.Update) / Images);
    }
}
