using CaffeActors.Compute.Reduction;

namespace CaffeActors.Analysis.Scaling;

/// <summary>
/// An iteration of training on several equal nodes, event by event: passes, sums along the pairs or the ring that a
/// run would take, each node's link busy with one block at a time in each direction, the commit, the update. Pure.
/// </summary>
public static class ClusterSimulator
{
    /// <summary>Plays one iteration.</summary>
    /// <param name="pass">What each node does.</param>
    /// <param name="network">What joins them.</param>
    /// <param name="way">How gradients are summed.</param>
    /// <param name="nodes">How many nodes there are, at least 1.</param>
    public static SimulatedIteration Play(NodePass pass, NodeNetwork network, SumWay way, int nodes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(nodes, 1);
        if (nodes == 1)
            return new SimulatedIteration(pass.Seconds, 0, 0, pass.Update, 0);
        double[] whole = new double[nodes];
        double sent;
        if (way == SumWay.Tree)
        {
            var tree = new TreeSimulation(ReductionPlan.Of(nodes).Pairs, pass, network, nodes);
            tree.Play(whole);
            sent = tree.BytesSent;
        }
        else
        {
            // All nodes do the same at the same time: one of them tells of all.
            (double end, sent) = RingSimulation.Play(pass, network, nodes);
            Array.Fill(whole, end);
        }

        for (int node = 0; node < nodes; node++)
            whole[node] = Math.Max(whole[node], pass.Seconds);
        double summed = whole.Max();
        return new SimulatedIteration(
            pass.Seconds, summed - pass.Seconds, Committed(whole, network) - summed, pass.Update, sent);
    }

    // Each tells the coordinator, on the first node, that it is done; when all are it tells each to go on.
    private static double Committed(double[] whole, NodeNetwork network)
    {
        double way = network.Latency + network.ControlDelay, busy = 0;
        foreach (double arrives in whole.Select((time, node) => node == 0 ? time : time + way).Order())
            busy = Math.Max(busy, arrives) + network.ControlWork;
        return busy + (network.ControlWork * whole.Length) + way;
    }
}
