namespace CaffeActors.Data.Runs;

/// <summary>One start of a run.</summary>
/// <param name="Index">0 for the first start, one more at each resume: the metric rows' <c>segment</c>.</param>
/// <param name="Step">Iterations done when it started.</param>
/// <param name="Started">When it started, UTC.</param>
public sealed record RunSegment(int Index, long Step, DateTimeOffset Started);
