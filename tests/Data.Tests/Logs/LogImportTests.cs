using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Logs;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Logs;

public sealed class LogImportTests : IDisposable
{
    private const string Resumed = """
        I20140102 03:04:05.000000 7 solver.cpp:1] Solving LeNet
        I20140102 03:04:06.000000 7 solver.cpp:1] Iteration 10 (5 iter/s, 2s/10 iters), loss = 3
        I20140102 03:04:07.000000 7 solver.cpp:1] Iteration 20 (5 iter/s, 2s/10 iters), loss = 4
        I20140103 03:04:05.000000 7 solver.cpp:1] Solving LeNet
        I20140103 03:04:05.000000 7 solver.cpp:1] Restoring previous solver status from s_iter_10.solverstate
        I20140103 03:04:06.000000 7 solver.cpp:1] Iteration 20 (5 iter/s, 2s/10 iters), loss = 2
        I20140103 03:04:07.000000 7 solver.cpp:1] Optimization Done.
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Run_IsAsIfWeHadTrainedIt()
    {
        string log = _folder.Write("caffe.2014.log", Resumed);
        RunRecord run = LogImport.Run(log, _folder.At("runs"));
        Assert.Equal(
            ["0 segment_start 0", "10 loss 3", "10 segment_start 1", "20 loss 2"],
            MetricReader.Read(RunDirectory.MetricsPathOf(run.Path))
                .Select(row => $"{row.Step} {row.Name} {row.Value}"));
        RunManifest manifest = RunDirectory.ReadManifest(run.Path);
        Assert.StartsWith("20140102-030405-", manifest.RunId, StringComparison.Ordinal);
        Assert.Equal(("caffe.2014", RunState.Finished, 20L), (manifest.Name, manifest.State, manifest.LastIteration));
        Assert.Equal([(0, 0L, 2), (1, 10L, 3)],
            manifest.Segments.Select(segment => (segment.Index, segment.Step, segment.Started.Day)));
        Assert.Equal(Resumed, File.ReadAllText(Path.Combine(run.Path, "train.log")));
        Assert.False(RunDirectory.IsHeld(run.Path));
    }

    [Fact]
    public void Run_TakesAName() =>
        Assert.Equal("old", LogImport.Run(_folder.Write("a.log", Resumed), _folder.At("runs"), "old").Manifest.Name);

    [Fact]
    public void Log_WithoutTraining_IsToldAndLeavesNothing()
    {
        string log = _folder.Write("a.log", "I20140102 03:04:05.000000 7 solver.cpp:1] Solving LeNet\n");
        var failure = Assert.Throws<CaffeException>(() => LogImport.Run(log, _folder.At("runs")));
        Assert.Equal((ErrorCodes.BadRecord, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Contains("has no values after its line 'Solving'", failure.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.At("runs")));
    }

    [Fact]
    public void Log_ThatIsMissing_IsTold() => Assert.Equal(ErrorCodes.SourceUnreadable,
        Assert.Throws<CaffeException>(() => LogImport.Run(_folder.At("none"), _folder.At("runs"))).Code);
}
