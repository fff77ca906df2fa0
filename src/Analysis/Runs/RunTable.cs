using CaffeActors.Analysis.Queries;
using CaffeActors.Data.Runs;

namespace CaffeActors.Analysis.Runs;

/// <summary>
/// What manifests tell, as a table: run_id, name, number, state (finished, stopped, failed, running, or killed: it
/// neither ended nor is anybody training it), created, iterations, exit_code, segments, config, folder.
/// </summary>
internal static class RunTable
{
    /// <summary>A query that gives the table.</summary>
    public static string Sql(IReadOnlyList<RunRecord> runs) =>
        $"SELECT * FROM (VALUES {string.Join(", ", runs.Select(Row).DefaultIfEmpty(EmptyRow))}) AS runs(run_id, name, "
        + "number, state, created, iterations, exit_code, segments, config, folder) WHERE run_id IS NOT NULL";

    /// <summary>Where a run stands, in a word.</summary>
    public static string StateOf(RunRecord run) => run.Manifest.State switch
    {
        RunState.Running when !RunDirectory.IsHeld(run.Path) => "killed",
        RunState.Running => "running",
        RunState.Finished => "finished",
        RunState.Stopped => "stopped",
        _ => "failed",
    };

    // Gives the columns their types where there is no run.
    private static string EmptyRow => Row(null, "", 0, "", DateTimeOffset.UnixEpoch, 0, null, 0, "", "");

    private static string Row(RunRecord run)
    {
        RunManifest manifest = run.Manifest;
        return Row(manifest.RunId, manifest.Name, manifest.Number, StateOf(run), manifest.Created,
            manifest.LastIteration, manifest.ExitCode, manifest.Segments.Count, manifest.ConfigPath, run.Path);
    }

    private static string Row(string? id, string name, int number, string state, DateTimeOffset created,
        long iterations, int? exitCode, int segments, string config, string folder) =>
        $"({(id is null ? "NULL::VARCHAR" : SqlText.Of(id))}, {SqlText.Of(name)}, {SqlText.Of(number)}, "
        + $"{SqlText.Of(state)}, {SqlText.Of(created)}, {SqlText.Of(iterations)}::BIGINT, "
        + $"{(exitCode is { } code ? SqlText.Of(code) : "NULL")}::INTEGER, {SqlText.Of(segments)}, "
        + $"{SqlText.Of(config)}, {SqlText.Of(folder)})";
}
