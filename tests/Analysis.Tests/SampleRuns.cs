using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;
using CaffeActors.Testing;

namespace CaffeActors.Analysis.Tests;

/// <summary>An output root with runs that nobody trained.</summary>
internal sealed class SampleRuns : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>The clock of the runs.</summary>
    public ManualTime Time { get; } = new();

    /// <summary>The folder of all runs.</summary>
    public string Root => _folder.At("runs");

    /// <summary>A path beside the runs.</summary>
    public string At(params string[] parts) => _folder.At(parts);

    /// <summary>All runs, newest first.</summary>
    public IReadOnlyList<RunRecord> All => RunIndex.List(Root);

    /// <summary>Makes a run.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="record">Adds its metrics; a row's step is the last iteration.</param>
    public RunRecord Add(string name, Action<ParquetMetricSink>? record = null)
    {
        using RunDirectory run = Begin(name);
        using (ParquetMetricSink sink = ParquetMetricSink.Open(run.MetricsPath, Time, run.BeginSegment(0), 0))
            record?.Invoke(sink);
        run.End(RunState.Finished, 0, 100);
        return new(run.Path, run.Manifest);
    }

    /// <summary>Makes a run that is held.</summary>
    public RunDirectory Begin(string name) =>
        RunDirectory.Create(Root, new RunManifest { Name = name, NetHash = "n", SolverHash = "s" }, Time);

    /// <summary>Adds a curve of the training net: a value every ten iterations from 10 on.</summary>
    public void Curve(ParquetMetricSink sink, string name, params double[] values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            sink.Add(10 * (i + 1), MetricNames.Train, name, values[i]);
        }
    }

    public void Dispose() => _folder.Dispose();
}
