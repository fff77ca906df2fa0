using System.Text.Json;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Runs;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Runs;

public sealed class RunDirectoryTests : IDisposable
{
    private readonly TemporaryFolder _root = new();
    private readonly ManualTime _time = new();

    private static RunManifest Lenet => new()
    {
        Name = "lenet",
        NetHash = "a1",
        SolverHash = "b2",
        ConfigPath = "configs/lenet.hocon",
        ProgramVersion = "0.1.0",
        Seed = ulong.MaxValue,
        SnapshotPrefix = "snapshots/lenet",
    };

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Create_MakesTheFolderOfTheContract()
    {
        using RunDirectory run = RunDirectory.Create(_root.Path, Lenet, _time);
        Assert.Matches("^20261122-212221-[0-9a-f]{4}$", run.RunId);
        Assert.Equal(_root.At("run_id=" + run.RunId), run.Path);
        Assert.All([run.MetricsPath, run.SnapshotsPath, run.PlotsPath], path => Assert.True(Directory.Exists(path)));
        Assert.Equal(Path.Combine(run.SnapshotsPath, "lenet"), run.SnapshotPrefix);
        Assert.Equal("run_id=" + run.RunId, File.ReadAllText(_root.At("latest")).Trim());
        Assert.Equal(["manifest.json", "run.lock", "run.lock.json"],
            Directory.GetFiles(run.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Create_Twice_MakesTwoRunsAndPointsToTheNewer()
    {
        using RunDirectory first = RunDirectory.Create(_root.At("runs"), Lenet, _time);
        using RunDirectory second = RunDirectory.Create(_root.At("runs"), Lenet, _time);
        Assert.NotEqual(first.RunId, second.RunId);
        Assert.Equal(Path.GetFileName(second.Path), File.ReadAllText(_root.At(Path.Combine("runs", "latest"))).Trim());
    }

    [Fact]
    public void Manifest_TellsTheRunsLife()
    {
        string path;
        using (RunDirectory run = RunDirectory.Create(_root.Path, Lenet, _time))
        {
            path = run.Path;
            Assert.Equal(0, run.BeginSegment(0));
            Assert.Equal(RunState.Running, RunDirectory.ReadManifest(path).State);
            run.End(RunState.Stopped, exitCode: 3, lastIteration: 60);
        }

        Assert.Equal((RunState.Stopped, 3, 60), LifeOf(path));
        _time.Advance(TimeSpan.FromDays(1));
        using (RunDirectory run = RunDirectory.Open(path, _time))
        {
            Assert.Equal(1, run.BeginSegment(60));
            Assert.Equal((RunState.Running, null, 60), LifeOf(path));
            run.End(RunState.Finished, exitCode: 0, lastIteration: 100);
        }

        RunManifest manifest = RunDirectory.ReadManifest(path);
        Assert.Equal((RunState.Finished, 0, 100), LifeOf(path));
        DateTimeOffset start = new ManualTime().GetUtcNow();
        Assert.Equal([new RunSegment(0, 0, start), new RunSegment(1, 60, start.AddDays(1))], manifest.Segments);
        Assert.Equal(Lenet with { RunId = manifest.RunId, Number = 1, Created = start },
            manifest with { State = RunState.Running, ExitCode = null, LastIteration = 0, Segments = Lenet.Segments });
    }

    [Fact]
    public void Manifest_IsPlainJsonWithNamesOfSnakes()
    {
        using RunDirectory run = RunDirectory.Create(_root.Path, Lenet with { Name = "größe <1>" }, _time);
        run.BeginSegment(0);
        string text = File.ReadAllText(Path.Combine(run.Path, "manifest.json"));
        using JsonDocument json = JsonDocument.Parse(text);
        JsonElement root = json.RootElement;
        Assert.Equal(1, root.GetProperty("format_version").GetInt32());
        Assert.Equal("running", root.GetProperty("state").GetString());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("exit_code").ValueKind);
        Assert.Equal(ulong.MaxValue, root.GetProperty("seed").GetUInt64());
        Assert.Equal(0, root.GetProperty("segments")[0].GetProperty("index").GetInt32());
        Assert.Contains("größe <1>", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OfARunInUse_IsRefused()
    {
        RunDirectory run = RunDirectory.Create(_root.Path, Lenet, _time);
        Assert.True(RunDirectory.IsHeld(run.Path));
        var failure = Assert.Throws<CaffeException>(() => RunDirectory.Open(run.Path, _time));
        Assert.Contains(
            $"another process ({Environment.ProcessId} on '{Environment.MachineName}', since 2026-11-22 21:22:21 UTC) "
            + "trains it", failure.Message, StringComparison.Ordinal);
        run.Dispose();
        Assert.False(File.Exists(Path.Combine(run.Path, "run.lock.json")));
        Assert.False(RunDirectory.IsHeld(run.Path));
        RunDirectory.Open(run.Path, _time).Dispose();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"process_id":7,"machine":"gone","since":"2026-01-01T00:00:00+00:00"}""")]
    public void Open_WithWhatADeadProcessLeft_Holds(string? holder)
    {
        string path;
        using (RunDirectory run = RunDirectory.Create(_root.Path, Lenet, _time))
            path = run.Path;
        // The lock of a process that was killed is free; its files stay.
        Assert.True(File.Exists(Path.Combine(path, "run.lock")));
        if (holder is not null)
            File.WriteAllText(Path.Combine(path, "run.lock.json"), holder);
        using RunDirectory again = RunDirectory.Open(path, _time);
        var failure = Assert.Throws<CaffeException>(() => RunDirectory.Open(path, _time));
        Assert.Contains($"({Environment.ProcessId} on ", failure.Message, StringComparison.Ordinal);
        if (holder is null)
            return;
        File.WriteAllText(Path.Combine(path, "run.lock.json"), "{");
        failure = Assert.Throws<CaffeException>(() => RunDirectory.Open(path, _time));
        Assert.Contains(": another process trains it", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"name":"lenet"}""")]
    [InlineData("""{"name":"lenet","net_hash":"a","solver_hash":"b","state":"sleeping"}""")]
    [InlineData("""{"name":"lenet","net_hash":"a","solver_hash":"b","format_version":2}""")]
    public void ReadManifest_ThatCannotBe_SaysWhy(string json)
    {
        File.WriteAllText(_root.At("manifest.json"), json);
        var failure = Assert.Throws<CaffeException>(() => RunDirectory.ReadManifest(_root.Path));
        Assert.Equal((ErrorCodes.BadRecord, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Contains(_root.At("manifest.json"), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadManifest_PassesOverWhatItDoesNotKnow()
    {
        File.WriteAllText(_root.At("manifest.json"),
            """{"name":"lenet","net_hash":"a","solver_hash":"b","mood":{"good":true}}""");
        Assert.Equal("lenet", RunDirectory.ReadManifest(_root.Path).Name);
    }

    [Fact]
    public void Create_WhereNothingCanBeWritten_SaysWhere()
    {
        File.WriteAllText(_root.At("file"), "");
        var failure = Assert.Throws<CaffeException>(() => RunDirectory.Create(_root.At("file"), Lenet, _time));
        Assert.Equal(ErrorCodes.WriteFailed, failure.Code);
    }

    private static (RunState State, int? ExitCode, long LastIteration) LifeOf(string path)
    {
        RunManifest manifest = RunDirectory.ReadManifest(path);
        return (manifest.State, manifest.ExitCode, manifest.LastIteration);
    }
}
