using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Actors.Tests.Training;
using CaffeActors.Actors.Training;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;
using CaffeActors.Testing;

namespace CaffeActors.Actors.Tests.Metrics;

/// <summary>Metrics and displays that fail never stop a run, and never fail in silence.</summary>
public sealed class ObserverTests : IDisposable
{
    private readonly TrainingFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private string[] LinesWith(string text) =>
        [.. _fixture.Log.ToString().Split('\n').Where(line => line.Contains(text, StringComparison.Ordinal))];

    private string Folder(string name) => Path.Combine(_fixture.RunFolder(), name);

    private RunManifest Manifest => RunDirectory.ReadManifest(_fixture.RunFolder());

    private long[] Steps() => [.. MetricReader.Read(Folder("metrics"))
        .Where(row => row is { Split: "train", Name: "lr" }).Select(row => row.Step)];

    // Runs with snapshots, before which metrics are written, at 10, 20, 30 and 40.
    private async Task RunAsync(Action<int> hook)
    {
        _fixture.WriteSolver("snapshot: 10");
        _fixture.AddHook("TRAIN");
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), await _fixture.RunAsync(_fixture.Hooked(hook)));
    }

    // Metrics are written on a thread of their own.
    private static void Await(Func<bool> seen) => Assert.True(SpinWait.SpinUntil(seen, TimeSpan.FromMinutes(1)));

    [Fact]
    public async Task MetricsThatCannotBeWritten_AreToldOnceAndCounted()
    {
        await RunAsync(pass =>
        {
            if (pass != 3)
                return;
            // A file in a folder's place cannot be written into, not even by root.
            Directory.Move(Folder("metrics"), Folder("metrics") + ".aside");
            File.WriteAllText(Folder("metrics"), "");
        });
        Assert.Single(LinesWith("training goes on"));
        Assert.Single(LinesWith("Metrics could not be written"));
        Assert.True(Manifest is { MetricFailures: > 1, LostMetricRows: > 0, State: RunState.Finished });
    }

    [Fact]
    public async Task MetricsOnAReadOnlyDisk_AreToldOnceAndCounted()
    {
        // Only root on Linux can make one.
        using SmallDisk? disk = SmallDisk.TryMake(kilobytes: 64);
        if (disk?.MakeReadOnly() != true)
            return;
        await RunAsync(pass =>
        {
            if (pass != 3)
                return;
            Directory.Delete(Folder("metrics"), recursive: true);
            Directory.CreateSymbolicLink(Folder("metrics"), disk.Path);
        });
        Assert.Single(LinesWith("training goes on"));
        Assert.Single(LinesWith("Metrics could not be written"));
        Assert.True(Manifest is { MetricFailures: > 1, LostMetricRows: > 0, State: RunState.Finished });
        Assert.Empty(Directory.GetFileSystemEntries(disk.Path));
    }

    [Fact]
    public async Task MetricsFolderThatIsDeleted_IsToldOnceAndMadeAgain()
    {
        await RunAsync(pass =>
        {
            if (pass != 12)
                return;
            Await(() => File.Exists(Path.Combine(Folder("metrics"), "part-00001.parquet")));
            Directory.Delete(Folder("metrics"), recursive: true);
        });
        Assert.Single(LinesWith("training goes on"));
        Assert.Single(LinesWith("Metrics are written again"));
        Assert.Equal((1L, 0L), (Manifest.MetricFailures, Manifest.LostMetricRows));
        Assert.Equal([10L, 15L, 20L, 25L, 30L, 35L], Steps());
    }

    [Fact]
    public async Task DiskThatIsFullForAWhile_LosesNoRow()
    {
        // What a full disk is to the writer: the next part cannot be made, and later it can.
        await RunAsync(pass =>
        {
            string next = Path.Combine(Folder("metrics"), "part-00002.parquet");
            if (pass == 12)
            {
                Await(() => File.Exists(Path.Combine(Folder("metrics"), "part-00001.parquet")));
                Directory.CreateDirectory(next);
            }
            else if (pass == 22)
            {
                Await(() => File.ReadAllText(Folder("train.log")).Contains("goes on", StringComparison.Ordinal));
                Directory.Delete(next);
            }
        });
        Assert.Single(LinesWith("training goes on"));
        Assert.Single(LinesWith("Metrics are written again"));
        Assert.Equal([0L, 5L, 10L, 15L, 20L, 25L, 30L, 35L], Steps());
    }

    [Fact]
    public async Task ManifestThatCannotBeWritten_ChangesNoOutcome()
    {
        await RunAsync(pass =>
        {
            if (pass != 3)
                return;
            File.Delete(Folder("manifest.json"));
            Directory.CreateDirectory(Folder("manifest.json"));
        });
        Assert.Single(LinesWith("manifest does not tell of its end"));
    }

    [Theory]
    [InlineData(true, "The display does not take what it is shown")]
    [InlineData(false, "The display failed")]
    public async Task DisplayThatBlocksOrFails_HoldsNobodyUp(bool blocks, string says)
    {
        _fixture.WriteSolver("snapshot: 10");
        using var display = new BadDisplay(blocks);
        var host = new TrainingHost(_fixture.Plan(), TrainingFixture.Catalog, new RunLog(_fixture.Log),
            TimeProvider.System, display);
        RunOutcome outcome = await host.RunAsync(static _ => 0)
            .WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), outcome);
        Assert.Single(LinesWith(says));
    }

    // A terminal that is stopped, or gone.
    private sealed class BadDisplay(bool blocks) : IRunObserver, IDisposable
    {
        private readonly ManualResetEventSlim _goesOn = new();

        public void OnProgress(Progress progress) => Fail();

        public void OnEnd() => Fail();

        public void Dispose() => _goesOn.Set();

        private void Fail()
        {
            if (!blocks)
                throw new InvalidOperationException("no terminal");
            _goesOn.Wait();
        }
    }
}
