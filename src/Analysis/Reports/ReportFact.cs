namespace CaffeActors.Analysis.Reports;

/// <summary>One thing a report tells in a line of its own.</summary>
/// <param name="Name">What.</param>
/// <param name="Value">Its value, as shown.</param>
/// <param name="Before">That of the run before; empty where there is none.</param>
public sealed record ReportFact(string Name, string Value, string Before = "");
