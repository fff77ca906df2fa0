using System.Globalization;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>
/// A run cut after any of its iterations, most of them in mid-epoch, and gone on with on another number of threads
/// equals the uncut one, bit for bit: data are shuffled, cropped and mirrored at random, and units are dropped.
/// </summary>
public sealed class ResumeAnywhereTests : IDisposable
{
    private const int Last = 50;

    private readonly TrainingFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task RunCutAfterAnyIteration_EqualsTheUncutOne(int replicas)
    {
        await _fixture.RunAsync(Plan(replicas, "uncut", threads: 2));
        _fixture.WriteSolver("snapshot: 1");
        await _fixture.RunAsync(Plan(replicas, "whole", threads: 2));
        _fixture.WriteSolver("");
        string[] uncut = Everything("uncut");
        Assert.Equal(uncut, Everything("whole"));
        for (int k = 1; k < Last; k++)
        {
            string cut = string.Create(CultureInfo.InvariantCulture, $"cut{k}");
            CopyAsKilledAfter(k, "whole", cut);
            RunOutcome outcome =
                await _fixture.RunAsync(Plan(replicas, cut, threads: 3) with { Resume = ResumeMode.Must });
            Assert.Equal(new RunOutcome(RunEnd.Finished, Last), outcome);
            Assert.Contains($"Resuming at iteration {k}\n", Log(), StringComparison.Ordinal);
            string[] resumed = Everything(cut);
            Assert.True(uncut.SequenceEqual(resumed),
                $"cut after iteration {k}: " + string.Join('\n', resumed.Except(uncut).Take(5)));
            Directory.Delete(_fixture.At(cut), recursive: true);
        }
    }

    private string Log() => _fixture.Log.ToString().Replace("\r", "", StringComparison.Ordinal);

    private RunPlan Plan(int replicas, string runs, int threads) => _fixture.Plan(
        new PlanOptions
        {
            MaxIter = Last,
            Threads = threads,
            Devices = [.. Enumerable.Range(0, replicas).Select(i => new DeviceId(DeviceId.Cpu, i))],
        }, runs);

    // What a process that is killed after a snapshot leaves: it may have measured more than the snapshot knows of.
    private void CopyAsKilledAfter(int k, string from, string to)
    {
        string source = _fixture.RunFolder(from);
        string target = Path.Combine(_fixture.At(to), Path.GetFileName(source));
        foreach (string folder in Directory.GetDirectories(source))
            Directory.CreateDirectory(Path.Combine(target, Path.GetFileName(folder)));
        string snapshot = string.Create(CultureInfo.InvariantCulture, $"snap_iter_{k}.");
        foreach (string file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            string name = Path.GetRelativePath(source, file);
            if (!name.StartsWith("snapshots", StringComparison.Ordinal)
                || Path.GetFileName(name).StartsWith(snapshot, StringComparison.Ordinal))
            {
                File.Copy(file, Path.Combine(target, name));
            }
        }
    }

    // Weights, history, what stands in .resume, and the metric rows that count.
    private string[] Everything(string runs)
    {
        (byte[] model, byte[] state) = _fixture.Snapshot(Last, runs);
        string path = Path.Combine(_fixture.RunFolder(runs), "snapshots", $"snap_iter_{Last}.solverstate");
        ResumeState resume = SnapshotLoader.Load(path).Resume!;
        SmoothedLossState smoothed = resume.SmoothedLoss!;
        return
        [
            Convert.ToHexString(model),
            Convert.ToHexString(state),
            string.Join(' ', smoothed.Losses.Select(loss => loss.ToString("R", CultureInfo.InvariantCulture))),
            smoothed.Value.ToString("R", CultureInfo.InvariantCulture),
            .. resume.DataPositions.Select(position => $"{position}").Order(StringComparer.Ordinal),
            .. resume.RandomStreams.Select(stream => $"{stream}"),
            .. _fixture.Metrics(runs),
        ];
    }
}
