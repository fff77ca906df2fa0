namespace CaffeActors.Analysis.Comparison;

/// <summary>The values of several runs at one step.</summary>
/// <param name="Step">The step.</param>
/// <param name="Values">A value for each run; null where it has none.</param>
public sealed record ComparedStep(long Step, IReadOnlyList<double?> Values);
