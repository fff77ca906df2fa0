using CaffeActors.Data.Runs;

namespace CaffeActors.Analysis.Reports;

/// <summary>Everything a run's report shows.</summary>
/// <param name="Run">The run.</param>
/// <param name="Before">The run it is compared with; null for none.</param>
/// <param name="Facts">What there is to know at a glance.</param>
/// <param name="Charts">The charts.</param>
/// <param name="Layers">What each layer takes of an iteration, in the net's order; empty where it was not
/// measured.</param>
/// <param name="Files">Configuration, solver and net: the file's name, its text, and that of the run before (empty for
/// none).</param>
/// <param name="Net">What was found out about the trained net; null where nobody looked.</param>
public sealed record RunReport(
    RunRecord Run, RunRecord? Before, IReadOnlyList<ReportFact> Facts, IReadOnlyList<ReportChart> Charts,
    IReadOnlyList<LayerTime> Layers, IReadOnlyList<(string Name, string Text, string Before)> Files, ReportNet? Net);
