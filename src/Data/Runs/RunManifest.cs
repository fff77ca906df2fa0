namespace CaffeActors.Data.Runs;

/// <summary>
/// What a run is and where it stands: the contents of <c>manifest.json</c>. A reader passes over fields it does not
/// know; fields keep their meaning for ever.
/// </summary>
public sealed record RunManifest
{
    /// <summary>The version of the fields' meaning that this program writes and the newest it reads.</summary>
    public const int CurrentFormatVersion = 1;

    /// <summary>The version of the fields' meaning.</summary>
    public int FormatVersion { get; init; } = CurrentFormatVersion;

    /// <summary>The run's id, <c>yyyyMMdd-HHmmss-hhhh</c> (UTC, four hexadecimal digits); set when it is
    /// created.</summary>
    public string RunId { get; init; } = "";

    /// <summary>The run's name: <c>run.name</c>, by default the configuration's file name.</summary>
    public required string Name { get; init; }

    /// <summary>1 more than that of any other run of the output root when it was created: which is newer, whatever the
    /// clock said. 0 in manifests of versions that did not count; set when it is created.</summary>
    public int Number { get; init; }

    /// <summary>When the run was created, UTC; set when it is created.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>The version of the program that created it.</summary>
    public string ProgramVersion { get; init; } = "";

    /// <summary>What the net computes, as <see cref="Fingerprint.OfNet"/> gives it.</summary>
    public required string NetHash { get; init; }

    /// <summary>How the net is trained, as <see cref="Fingerprint.OfSolver"/> gives it.</summary>
    public required string SolverHash { get; init; }

    /// <summary>The configuration or solver file, as the user named it.</summary>
    public string ConfigPath { get; init; } = "";

    /// <summary>The seed of the run's random streams.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// What the snapshots' names begin with; relative ones are relative to the run's folder. Empty for a run that
    /// keeps none.
    /// </summary>
    public string SnapshotPrefix { get; init; } = "";

    /// <summary>Where the run stands.</summary>
    public RunState State { get; init; }

    /// <summary>The program's exit code; null while it runs.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Iterations done, as of the last time the manifest was written.</summary>
    public long LastIteration { get; init; }

    /// <summary>How often metrics could not be written, over all starts that came to their end.</summary>
    public long MetricFailures { get; init; }

    /// <summary>Metric rows that were lost because of that.</summary>
    public long LostMetricRows { get; init; }

    /// <summary>Log lines that the console did not take; the log's file has them.</summary>
    public long LostConsoleLines { get; init; }

    /// <summary>The run's starts, oldest first.</summary>
    public IReadOnlyList<RunSegment> Segments { get; init; } = [];
}
