using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;

namespace CaffeActors.Data.Logs;

/// <summary>Makes runs of training logs, so that what Caffe trained can be looked at, compared and drawn like what we
/// train: a folder with manifest, metrics and the log. Nothing can be resumed from it.</summary>
public static class LogImport
{
    /// <summary>Makes a run of a log. Its times are the log's, taken for UTC.</summary>
    /// <param name="logPath">The log.</param>
    /// <param name="outputRoot">The folder of all runs; made where it is missing.</param>
    /// <param name="name">The run's name; null: the log's file name without its ending.</param>
    /// <exception cref="CaffeException">CFA1501: the log cannot be read; CFA1502: it tells of no training; CFA1404: the
    /// run cannot be written.</exception>
    public static RunRecord Run(string logPath, string outputRoot, string? name = null)
    {
        LoggedRun? logged = ParseLogTool.Read(logPath, LoggedRunReader.Read);
        if (logged is null || logged.Segments.All(segment => segment.Rows.Count == 0))
        {
            throw new CaffeException(ErrorCodes.BadRecord, FailureKind.Data,
                $"the log '{logPath}' tells of no training: it "
                + (logged is null ? "has no line 'Solving'" : "has no values after its line 'Solving'"));
        }

        var clock = new LogClock { Now = logged.Segments[0].Started };
        using RunDirectory run = RunDirectory.Create(outputRoot, new RunManifest
        {
            Name = name ?? Path.GetFileNameWithoutExtension(logPath),
            NetHash = "",
            SolverHash = "",
            ConfigPath = logPath,
        }, clock);
        foreach (LoggedSegment segment in logged.Segments)
        {
            clock.Now = segment.Started;
            using var sink = ParquetMetricSink.Open(
                run.MetricsPath, clock, run.BeginSegment(segment.Step), segment.Step);
            foreach (MetricRow row in segment.Rows)
                sink.Add(row);
        }

        Files.AtomicFile.Write(run.LogPath, stream =>
        {
            using FileStream log = File.OpenRead(logPath);
            log.CopyTo(stream);
        });
        run.End(logged.Finished ? RunState.Finished : RunState.Stopped, 0, logged.LastIteration);
        return new(run.Path, run.Manifest);
    }

    private sealed class LogClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
