namespace CaffeActors.Analysis.Reports;

/// <summary>A chart of a report.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Unit">The values' unit; empty for none.</param>
/// <param name="Lines">The lines, at least one.</param>
public sealed record ReportChart(string Title, string Unit, IReadOnlyList<ReportLine> Lines);
