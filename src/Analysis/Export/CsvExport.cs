using CaffeActors.Analysis.Queries;
using CaffeActors.Data.Files;
using CaffeActors.Data.Runs;

namespace CaffeActors.Analysis.Export;

/// <summary>A run's metrics as CSV: the columns of docs/metrics.md, a line for each row that counts.</summary>
public static class CsvExport
{
    /// <summary>Writes a run's rows by segment and step.</summary>
    /// <param name="database">Where the run is.</param>
    /// <param name="run">The run.</param>
    /// <param name="path">The file; an older one is replaced.</param>
    /// <exception cref="Compute.Diagnostics.CaffeException">CFA1404: it cannot be written; CFA1502: a part file is
    /// damaged.</exception>
    public static void Write(MetricDatabase database, RunRecord run, string path) => AtomicFile.Write(path, stream =>
    {
        using var writer = new StreamWriter(stream, leaveOpen: true);
        using QueryResult result = database.Query($"""
            SELECT step, epoch, split, name, value, wall_time, rank, segment FROM metrics
            WHERE run_id = {SqlText.Of(run.Manifest.RunId)} ORDER BY segment, step, split, name, rank
            """);
        ResultText.WriteCsv(result, writer);
    });
}
