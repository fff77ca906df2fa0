using System.Diagnostics;
using System.Globalization;
using CaffeActors.Compute.Random;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Cli.Tests.Faults;

/// <summary>
/// Training as processes of its own, killed at random moments that a seed decides and gone on with by
/// <c>--resume auto</c>, until a number of kills is reached and the training under way is finished. What a kill leaves
/// must be readable, and what a finished training leaves must be what the same training leaves that nobody killed.
/// </summary>
internal sealed class KillHarness : IDisposable
{
    private const int Iterations = 600;

    private readonly CliRun _cli = new();
    private readonly RandomStream _random;
    private readonly string _configuration;
    private readonly Dictionary<string, int> _committed = [];
    private string _weights = "";
    private string[] _metrics = [];

    public KillHarness(ulong seed)
    {
        _random = new RandomStream(seed, RandomStream.StreamId("kills"));
        _configuration = SmallLeNet.Write(_cli, Iterations);
    }

    /// <summary>Processes killed so far.</summary>
    public int Kills { get; private set; }

    /// <summary>Trainings that came to their end, in spite of the kills.</summary>
    public int Finished { get; private set; }

    /// <summary>Snapshots from which a start went on.</summary>
    public int Resumes { get; private set; }

    public void Dispose() => _cli.Dispose();

    /// <summary>Trains until so many processes are killed and the last training is finished.</summary>
    public async Task RunAsync(int kills)
    {
        string uncut = _cli.At("uncut");
        Assert.Equal(ExitCodes.Done, await _cli.RunAsync("train", _configuration, "--output-root", uncut));
        string run = Assert.Single(SmallLeNet.Runs(uncut)).Path;
        (_weights, _metrics) = (SmallLeNet.WeightsOf(run, Iterations), SmallLeNet.MetricsOf(run));
        for (int training = 0; Kills < kills; training++)
        {
            string root = _cli.At(string.Create(CultureInfo.InvariantCulture, $"killed{training}"));
            while (!await TrainAsync(root, kill: Kills < kills))
                CheckWhatIsLeft(root);
            CheckFinished(root);
            Finished++;
        }
    }

    // Whether the training came to its end.
    private async Task<bool> TrainAsync(string root, bool kill)
    {
        using Process process =
            CliProcess.Start("train", _configuration, "--resume", "auto", "--output-root", root);
        await UntilMomentAsync(process, kill);
        if (kill && !process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            // It may have come to its end in between.
            if (process.ExitCode != ExitCodes.Done)
            {
                Kills++;
                return false;
            }
        }

        Assert.Equal(ExitCodes.Done, await process.ExitAsync());
        return true;
    }

    // A moment of the start, or some milliseconds after some line of the log; or the end.
    private async Task UntilMomentAsync(Process process, bool kill)
    {
        if (kill && _random.NextBelow(4) == 0)
        {
            await DelayAsync(_random.NextBelow(1000));
            return;
        }

        uint lines = kill ? _random.NextBelow(200) : uint.MaxValue;
        bool solving = false;
        while (await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            solving |= line.Contains("Solving", StringComparison.Ordinal);
            if (solving && lines-- == 0)
                break;
        }

        if (kill)
            await DelayAsync(_random.NextBelow(20));
    }

    private static Task DelayAsync(uint milliseconds) =>
        Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TestContext.Current.CancellationToken);

    // No manifest, snapshot or metrics file that is there is unreadable, and no snapshot that was there is lost.
    private void CheckWhatIsLeft(string root)
    {
        if (!Directory.Exists(root))
            return;
        foreach (string folder in Directory.GetDirectories(root, RunDirectory.FolderPrefix + "*"))
        {
            MetricReader.ReadAll(Path.Combine(folder, "metrics"));
            string snapshots = Path.Combine(folder, "snapshots");
            // Killed before it had a manifest, a run has nothing to lose.
            if (!File.Exists(Path.Combine(folder, "manifest.json")))
            {
                Assert.True(!Directory.Exists(snapshots) || Directory.GetFiles(snapshots).Length == 0, folder);
                continue;
            }

            RunManifest manifest = RunDirectory.ReadManifest(folder);
            SnapshotSearch search = StoreOf(folder).Newest(manifest.RunId);
            Assert.DoesNotContain(search.Skipped, skipped => File.Exists(skipped.ResumePath));
            int newest = search.Newest?.Iteration ?? 0;
            Assert.True(newest >= _committed.GetValueOrDefault(folder),
                $"{folder}: the snapshot of iteration {_committed.GetValueOrDefault(folder)} is lost");
            _committed[folder] = newest;
        }
    }

    private void CheckFinished(string root)
    {
        RunRecord run = Assert.Single(SmallLeNet.Runs(root), run => NewestOf(run) == Iterations);
        Resumes += run.Manifest.Segments.Count - 1;
        Assert.Equal(_weights, SmallLeNet.WeightsOf(run.Path, Iterations));
        Assert.Equal(_metrics, SmallLeNet.MetricsOf(run.Path));
        Assert.Equal(RunState.Finished, run.Manifest.State);
        Assert.Empty(MetricReader.ReadAll(Path.Combine(run.Path, "metrics"))
            .GroupBy(row => (row.Segment, row.Rank, row.Split, row.Name, row.Step))
            .Where(same => same.Count() > 1).Select(same => same.Key));
        Assert.Equal(Enumerable.Range(0, Iterations).Select(step => (long)step),
            MetricReader.Read(Path.Combine(run.Path, "metrics"))
                .Where(row => row is { Split: MetricNames.Train, Name: "lr" }).Select(row => row.Step));
    }

    private static int NewestOf(RunRecord run) => StoreOf(run.Path).Newest(run.Manifest.RunId).Newest?.Iteration ?? 0;

    private static SnapshotStore StoreOf(string run) => new(Path.Combine(run, "snapshots", "lenet"));
}
