namespace CaffeActors.Analysis.Scaling;

/// <summary>Where the time of an iteration goes. Seconds.</summary>
/// <param name="Pass">The passes.</param>
/// <param name="Sum">From the end of the passes until all nodes have all sums: what could not be hidden behind
/// them.</param>
/// <param name="Commit">Until all nodes know that all have them.</param>
/// <param name="Update">The update.</param>
/// <param name="BytesSent">Bytes that the busiest node sends.</param>
public sealed record SimulatedIteration(double Pass, double Sum, double Commit, double Update, double BytesSent)
{
    /// <summary>The whole iteration.</summary>
    public double Total => Pass + Sum + Commit + Update;
}
