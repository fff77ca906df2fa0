using CaffeActors.Data.Metrics;

namespace CaffeActors.Data.Logs;

/// <summary>One start of a training run, as its log tells.</summary>
/// <param name="Step">Iterations done when it started.</param>
/// <param name="Started">When; the log's clock is taken for UTC.</param>
/// <param name="Rows">What was measured, in the order of the log.</param>
public sealed record LoggedSegment(long Step, DateTimeOffset Started, IReadOnlyList<MetricRow> Rows);
