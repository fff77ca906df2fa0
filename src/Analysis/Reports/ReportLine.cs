namespace CaffeActors.Analysis.Reports;

/// <summary>A line of a chart.</summary>
/// <param name="Label">What it shows.</param>
/// <param name="IsEarlier">Whether it is of the run before, drawn behind.</param>
/// <param name="Steps">Iterations, rising.</param>
/// <param name="Seconds">Seconds of training at each.</param>
/// <param name="Values">The values; those that are no number leave a gap.</param>
public sealed record ReportLine(
    string Label, bool IsEarlier, IReadOnlyList<double> Steps, IReadOnlyList<double> Seconds,
    IReadOnlyList<double> Values);
