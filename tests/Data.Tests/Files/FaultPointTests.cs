using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;
using CaffeActors.Data.Snapshots;
using CaffeActors.Data.Tests.Snapshots;
using CaffeActors.Testing;
using Format = CaffeActors.Compute.Schema.SolverParameter.Types.SnapshotFormat;

namespace CaffeActors.Data.Tests.Files;

/// <summary>
/// At each step in which a run's files are written the disk fails, or the process is killed: what was whole before can
/// be read, and the next start cleans up and goes on.
/// </summary>
public sealed class FaultPointTests : IDisposable
{
    private const int Kept = 1;
    private static readonly FaultPoint[] _manifest = [FaultPoint.ManifestWritten, FaultPoint.ManifestRenamed];
    private static readonly FaultPoint[] _metrics = [FaultPoint.MetricsPartWritten, FaultPoint.MetricsPartRenamed];
    private static readonly FaultPoint[] _snapshot =
        [.. Enum.GetValues<FaultPoint>().Except([FaultPoint.Device, .. _manifest, .. _metrics])];

    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _killed = new();
    private readonly ManualTime _time = new();

    public static TheoryData<FaultPoint, Format, bool> SnapshotPoints()
    {
        var points = new TheoryData<FaultPoint, Format, bool>();
        foreach (FaultPoint point in _snapshot)
        {
            foreach (Format format in (Format[])[Format.Binaryproto, Format.Hdf5])
            {
                points.Add(point, format, false);
                points.Add(point, format, true);
            }
        }

        return points;
    }

    public static TheoryData<FaultPoint, bool> ManifestPoints() => Of(_manifest);

    public static TheoryData<FaultPoint, bool> MetricsPoints() => Of(_metrics);

    public void Dispose()
    {
        _folder.Dispose();
        _killed.Dispose();
    }

    [Theory]
    [MemberData(nameof(SnapshotPoints))]
    public void Snapshot_ThatEndsAnywhere_LeavesOneToGoOnFrom(FaultPoint point, Format format, bool kill)
    {
        Store(_folder, format).Save(Sample.Net(), Sample.Progress(10), Sample.Resume());
        var fault = new Fault(point, kill, this);
        SnapshotStore breaking = Store(_folder, format, fault.At);
        Exception? failure =
            Record.Exception(() => breaking.Save(Sample.Net(first: 3), Sample.Progress(20), Sample.Resume()));
        Assert.True(fault.Fired);
        // An older snapshot that cannot be removed is no failure of the one that was written.
        bool pruning = point is FaultPoint.ModelPruned or FaultPoint.StatePruned or FaultPoint.ResumePruned;
        if (kill)
            Assert.IsType<KilledException>(failure);
        else if (pruning)
            Assert.Null(failure);
        else
            Assert.Equal(ErrorCodes.WriteFailed, Assert.IsType<CaffeException>(failure).Code);

        TemporaryFolder left = kill ? _killed : _folder;
        SnapshotStore store = Store(left, format);
        SnapshotSearch search = store.Newest("run-a");
        bool isThere = point >= FaultPoint.ResumeRenamed;
        Assert.Equal(isThere ? 20 : 10, search.Newest?.Iteration);
        Assert.Equal(isThere ? 20 : 10, SnapshotLoader.Load(search.Newest!).State.Iter);
        Assert.All(search.Skipped, skipped => Assert.Contains("net_iter_20", skipped.Fault, StringComparison.Ordinal));

        store.Prepare();
        Assert.DoesNotContain(left.Names(), name => name.EndsWith(".tmp", StringComparison.Ordinal));
        Assert.Equal(isThere ? 20 : 10, store.Newest("run-a").Newest?.Iteration);
        store.Save(Sample.Net(first: 3), Sample.Progress(20), Sample.Resume(segment: 1));
        store.Save(Sample.Net(first: 4), Sample.Progress(30), Sample.Resume(segment: 1));
        Assert.Equal(30, SnapshotLoader.Load(store.Newest("run-a").Newest!).State.Iter);
        Assert.Equal(3 * Kept, left.Names().Length);
    }

    [Theory]
    [MemberData(nameof(ManifestPoints))]
    public void Manifest_IsTheOlderOrTheNewerOne(FaultPoint point, bool kill)
    {
        string path;
        var fault = new Fault(point, kill, this);
        using (RunDirectory run = RunDirectory.Create(_folder.Path,
            new RunManifest { Name = "lenet", NetHash = "a", SolverHash = "b" }, _time))
        {
            run.BeginSegment(0);
            run.Reached = fault.At;
            Exception? failure = Record.Exception(() => run.End(RunState.Stopped, exitCode: 3, lastIteration: 60));
            if (kill)
                Assert.IsType<KilledException>(failure);
            else
                Assert.Equal(ErrorCodes.WriteFailed, Assert.IsType<CaffeException>(failure).Code);
            path = run.Path;
        }

        Assert.True(fault.Fired);
        path = kill ? _killed.At(Path.GetFileName(path)) : path;
        RunState expected = point == FaultPoint.ManifestRenamed ? RunState.Stopped : RunState.Running;
        Assert.Equal(expected, RunDirectory.ReadManifest(path).State);
        using RunDirectory again = RunDirectory.Open(path, _time);
        Assert.Equal(1, again.BeginSegment(20));
        Assert.Equal(20, RunDirectory.ReadManifest(path).LastIteration);
        Assert.Empty(Directory.GetFiles(path, "*.tmp"));
    }

    [Theory]
    [MemberData(nameof(MetricsPoints))]
    public void Metrics_HoldEachRowOnce(FaultPoint point, bool kill)
    {
        var fault = new Fault(point, kill, this);
        var sink = ParquetMetricSink.Open(_folder.Path, _time, segment: 0, firstStep: 0);
        sink.Add(1, MetricNames.Train, "loss", 0.5);
        sink.Flush();
        sink.Add(2, MetricNames.Train, "loss", 0.25);
        sink.Reached = fault.At;
        Exception? failure = Record.Exception(sink.Flush);
        Assert.True(fault.Fired);
        if (kill)
        {
            Assert.IsType<KilledException>(failure);
            sink = ParquetMetricSink.Open(_killed.Path, _time, segment: 1, firstStep: 1);
            sink.Add(2, MetricNames.Train, "loss", 0.25);
        }
        else
        {
            Assert.Equal(ErrorCodes.WriteFailed, Assert.IsType<CaffeException>(failure).Code);
        }

        // The rows are still there to be written.
        sink.Flush();
        string folder = kill ? _killed.Path : _folder.Path;
        Assert.Equal([1L, 2L], MetricReader.Read(folder).Where(row => row.Name == "loss").Select(row => row.Step));
        Assert.Empty(Directory.GetFiles(folder, "*.tmp"));
    }

    private static TheoryData<FaultPoint, bool> Of(FaultPoint[] points)
    {
        var data = new TheoryData<FaultPoint, bool>();
        foreach (FaultPoint point in points)
        {
            data.Add(point, false);
            data.Add(point, true);
        }

        return data;
    }

    private static SnapshotStore Store(TemporaryFolder folder, Format format, Action<FaultPoint>? reached = null) =>
        new(folder.At("net")) { Format = format, KeepLast = Kept, Reached = reached };

    /// <summary>A fault at the first time a point is reached.</summary>
    private sealed class Fault(FaultPoint point, bool kill, FaultPointTests tests)
    {
        public bool Fired { get; private set; }

        public void At(FaultPoint reached)
        {
            if (reached != point || Fired)
                return;
            Fired = true;
            if (!kill)
                throw new IOException("No space left on device");
            // What the process would still do, as removing its temporary files, must not count.
            Copy(tests._folder.Path, tests._killed.Path);
            throw new KilledException();
        }

        private static void Copy(string from, string to)
        {
            Directory.CreateDirectory(to);
            foreach (string folder in Directory.GetDirectories(from))
                Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
            foreach (string file in Directory.GetFiles(from))
            {
                // The lock itself goes with the process.
                if (!file.EndsWith(".lock", StringComparison.Ordinal))
                    File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
            }
        }
    }

    private sealed class KilledException : Exception;
}
