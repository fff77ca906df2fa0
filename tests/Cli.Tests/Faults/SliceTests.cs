using System.Globalization;
using CaffeActors.Data.Runs;

namespace CaffeActors.Cli.Tests.Faults;

/// <summary>A training in slices, as a pipeline with a time limit makes it, is one training.</summary>
public sealed class SliceTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task SixSlices_EqualTheOneLongRun()
    {
        string configuration = SmallLeNet.Write(_cli, iterations: 100_000_000);
        for (int slice = 0; slice < 5; slice++)
        {
            Assert.Equal(ExitCodes.StoppedResumable, await TrainAsync("slices", "--time-budget", "0.5s"));
            Assert.Contains("The time budget is used up", _cli.Error, StringComparison.Ordinal);
        }

        // How far they came is the machine's affair; the last slice ends a little later.
        RunRecord run = Assert.Single(SmallLeNet.Runs(_cli.At("slices")));
        long last = run.Manifest.LastIteration + 30;
        string end = last.ToString(CultureInfo.InvariantCulture);
        Assert.Equal(ExitCodes.Done, await TrainAsync("slices", "--time-budget", "1h", "--max-iter", end));
        Assert.Equal(ExitCodes.Done, await TrainAsync("whole", "--max-iter", end));

        string whole = Assert.Single(SmallLeNet.Runs(_cli.At("whole"))).Path;
        Assert.Equal(6, RunDirectory.ReadManifest(run.Path).Segments.Count);
        Assert.Equal(SmallLeNet.WeightsOf(whole, last), SmallLeNet.WeightsOf(run.Path, last));
        Assert.Equal(SmallLeNet.MetricsOf(whole), SmallLeNet.MetricsOf(run.Path));

        Task<int> TrainAsync(string root, params string[] more) => _cli.RunAsync(
            ["train", configuration, "--resume", "auto", "--output-root", _cli.At(root), .. more]);
    }
}
