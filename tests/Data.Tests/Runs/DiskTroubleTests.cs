using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;
using CaffeActors.Data.Snapshots;
using CaffeActors.Data.Tests.Snapshots;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Runs;

/// <summary>
/// A disk that is full, or read-only: on a small one of the test's own where it may be made, else by streams and
/// permissions that refuse as one would.
/// </summary>
public sealed class DiskTroubleTests : IDisposable
{
    private const int Kilobytes = 128;
    private readonly SmallDisk? _disk = SmallDisk.TryMake(Kilobytes);
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _time = new();
    private readonly List<string> _readOnly = [];
    private bool _isFull;

    private string Root => _disk?.Path ?? _folder.Path;

    private string Filler => Path.Combine(Root, "filler");

    public void Dispose()
    {
        _disk?.Dispose();
        if (OperatingSystem.IsLinux())
        {
            foreach (string path in _readOnly)
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        _folder.Dispose();
    }

    [Fact]
    public void FullDisk_FailsTheSnapshotAndNothingElse()
    {
        Store().Save(Sample.Net(), Sample.Progress(10), Sample.Resume());
        CaffeActors.Compute.Blobs.Blob large = Sample.Blob(0, Kilobytes * 1024 / sizeof(float));
        var progress = new SolverProgress(20, 0, [large]);
        SnapshotStore full = _disk is not null ? Store()
            : new(At("net")) { Decorate = new BreakingDisk(Kilobytes * 1024).Open };
        var failure = Assert.Throws<CaffeException>(() => full.Save(Sample.Net(), progress, Sample.Resume()));
        Assert.Equal((ErrorCodes.WriteFailed, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Contains("iteration 20", failure.Message, StringComparison.Ordinal);
        Assert.Contains("the disk is not full", failure.Message, StringComparison.Ordinal);
        Assert.Equal(10, SnapshotLoader.Load(Store().Newest().Newest!).State.Iter);

        // Nothing of it is left in the way of the next one.
        Assert.Equal(3, Directory.GetFiles(Root).Length);
        Store().Save(Sample.Net(), Sample.Progress(30), Sample.Resume());
        Assert.Equal(30, Store().Newest().Newest?.Iteration);
        GC.KeepAlive(large);
    }

    [Fact]
    public void FullDisk_LosesNoMetricsAndKeepsTheManifest()
    {
        using RunDirectory run = RunDirectory.Create(Root, Manifest, _time);
        var sink = ParquetMetricSink.Open(run.MetricsPath, _time, run.BeginSegment(0), firstStep: 0);
        run.Reached = sink.Reached = RefuseWhereFull;
        Fill();
        for (int step = 1; step <= 5000; step++)
            sink.Add(step, MetricNames.Train, "loss", 1.0 / step);
        Assert.Equal(ErrorCodes.WriteFailed, Assert.Throws<CaffeException>(sink.Flush).Code);
        var failure = Assert.Throws<CaffeException>(() => run.End(RunState.Finished, exitCode: 0, lastIteration: 5000));
        Assert.Equal((ErrorCodes.WriteFailed, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Contains("manifest.json", failure.Message, StringComparison.Ordinal);
        Assert.Equal(RunState.Running, RunDirectory.ReadManifest(run.Path).State);

        Empty();
        sink.Flush();
        run.End(RunState.Finished, exitCode: 0, lastIteration: 5000);
        Assert.Equal(RunState.Finished, RunDirectory.ReadManifest(run.Path).State);
        Assert.Equal(5000, MetricReader.Read(run.MetricsPath).Count(row => row.Name == "loss"));
    }

    [Fact]
    public void ReadOnlyFolder_IsToldBeforeTraining_AndKeepsWhatItHas()
    {
        Store().Save(Sample.Net(), Sample.Progress(10), Sample.Resume());
        string path;
        using (RunDirectory run = RunDirectory.Create(Root, Manifest, _time))
            path = run.Path;
        if (!MakeReadOnly(path))
        {
            // Where nothing can be made read-only, root on a system without mounts, there is nothing to refuse.
            Assert.True(Environment.IsPrivilegedProcess || OperatingSystem.IsWindows());
            return;
        }

        foreach (Action refused in (Action[])[
            Store().Prepare, () => Store().Save(Sample.Net(), Sample.Progress(20), Sample.Resume()),
            () => RunDirectory.Create(Root, Manifest, _time), () => RunDirectory.Open(path, _time)])
        {
            var failure = Assert.Throws<CaffeException>(refused);
            Assert.Equal((ErrorCodes.WriteFailed, FailureKind.Data), (failure.Code, failure.Kind));
            Assert.Contains(Root, failure.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("another process", failure.Message, StringComparison.Ordinal);
        }

        Assert.False(RunDirectory.IsHeld(path));
        Assert.Equal(10, SnapshotLoader.Load(Store().Newest().Newest!).State.Iter);
    }

    private static RunManifest Manifest => new() { Name = "lenet", NetHash = "a", SolverHash = "b" };

    private SnapshotStore Store() => new(At("net"));

    private string At(string name) => Path.Combine(Root, name);

    private void Fill()
    {
        _isFull = true;
        if (_disk is null)
            return;
        using FileStream file = File.Create(Filler, bufferSize: 0);
        byte[] page = new byte[4096];
        try
        {
            while (true)
                file.Write(page);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    private void Empty()
    {
        _isFull = false;
        File.Delete(Filler);
    }

    private void RefuseWhereFull(FaultPoint point) =>
        _ = _isFull && _disk is null ? throw new IOException("No space left on device") : 0;

    private bool MakeReadOnly(string run)
    {
        if (_disk is not null)
            return _disk.MakeReadOnly();
        if (!OperatingSystem.IsLinux() || Environment.IsPrivilegedProcess)
            return false;
        File.SetUnixFileMode(Path.Combine(run, "run.lock"), UnixFileMode.UserRead);
        foreach (string folder in (string[])[run, Root])
        {
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            _readOnly.Insert(0, folder);
        }

        return true;
    }
}
