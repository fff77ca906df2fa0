using System.Globalization;

namespace CaffeActors.Cli.Tests.Faults;

/// <summary>Training that is killed again and again ends as if it never had been.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    // The nightly pipeline asks for more of them (eng/kills.sh).
    private const string Variable = "CAFFEACTORS_KILLS";

    [Fact]
    public async Task KilledAtRandomMoments_TrainingEndsAsIfItNeverWas()
    {
        int kills = int.Parse(
            Environment.GetEnvironmentVariable(Variable) ?? "20", NumberStyles.None, CultureInfo.InvariantCulture);
        using var harness = new KillHarness(seed: 1);
        await harness.RunAsync(kills);
        output.WriteLine($"{harness.Kills} kills, {harness.Resumes} resumes from snapshots, {harness.Finished} "
            + "training(s) finished, all equal to the one never killed.");
        Assert.True(harness.Kills >= kills && harness.Resumes > 0);
    }
}
