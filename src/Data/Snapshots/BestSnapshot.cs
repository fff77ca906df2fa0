namespace CaffeActors.Data.Snapshots;

/// <summary>The best snapshot of a run so far, by a metric of its tests.</summary>
/// <param name="Metric">The metric, as <c>test0/accuracy</c>.</param>
/// <param name="Iteration">The snapshot's iteration.</param>
/// <param name="Value">What was measured with its weights.</param>
public sealed record BestSnapshot(string Metric, int Iteration, double Value);
