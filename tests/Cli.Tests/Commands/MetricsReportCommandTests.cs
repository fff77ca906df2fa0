using CaffeActors.Cli.Tests.Faults;
using CaffeActors.Data.Runs;

namespace CaffeActors.Cli.Tests.Commands;

/// <summary>Reports of runs that were trained.</summary>
public sealed class MetricsReportCommandTests : IDisposable
{
    private readonly CliRun _cli = new();
    private string? _configuration;

    public void Dispose() => _cli.Dispose();

    private string Root => _cli.At("runs");

    private Task<int> ReportAsync(params string[] args) =>
        _cli.RunAsync(["metrics", "report", .. args, "--output-root", Root]);

    private async Task<string> TrainAsync(params string[] more)
    {
        _configuration ??= SmallLeNet.Write(_cli, iterations: 20);
        Assert.Equal(
            ExitCodes.Done, await _cli.RunAsync(["train", _configuration, "--output-root", Root, .. more]));
        return SmallLeNet.Runs(Root)[0].Path;
    }

    private static async Task<string> ReadAsync(string path) =>
        await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);

    [Fact]
    public async Task TrainedRun_HasItsReportInItsFolder()
    {
        await TrainAsync();
        string run = await TrainAsync("--set", "solver.base_lr=0.002");
        Assert.Equal(ExitCodes.Done, await ReportAsync());
        Assert.Equal(RunDirectory.ReportPathOf(run) + "\n", _cli.Out);
        string page = await ReadAsync(RunDirectory.ReportPathOf(run));
        // Two batches of four are what a test of the run looks at.
        Assert.Matches(@"% of 8 test images were right, with the weights of iteration 20\.", page);
        Assert.Contains("<th>as 2</th><th>right</th>", page, StringComparison.Ordinal);
        Assert.Contains("Filters of layer conv1", page, StringComparison.Ordinal);
        Assert.Contains("\"title\":\"Test accuracy\"", page, StringComparison.Ordinal);
        Assert.Contains("training loss, run before", page, StringComparison.Ordinal);
        Assert.Matches(@"change later""\>\+ *base_lr\D+0\.002", page);

        // The page is all that a look at a run leaves behind.
        Assert.Equal(
            ["config.resolved.hocon", "manifest.json", "net.prototxt", "report.html", "solver.prototxt", "train.log"],
            Directory.GetFiles(run).Select(Path.GetFileName).Where(name => name != "run.lock")
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Net_IsLeftOutWhereThatIsAskedFor()
    {
        await TrainAsync();
        string page = _cli.At("page.html");
        Assert.Equal(ExitCodes.Done, await ReportAsync("latest", "--no-net", "--output", page));
        Assert.DoesNotContain("What the net mixes up", await ReadAsync(page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DataThatAreGone_AreToldOfInTheReport()
    {
        await TrainAsync();
        Directory.Delete(_cli.At("db"), recursive: true);
        string page = _cli.At("page.html");
        Assert.Equal(ExitCodes.Done, await ReportAsync("latest", "--output", page));
        string text = await ReadAsync(page);
        Assert.Matches("The net was not looked at: .*db.* does not exist", text);
        Assert.Contains("\"title\":\"Test accuracy\"", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--test-images", "0")]
    [InlineData("--examples", "-1")]
    public async Task NumbersThatCannotBe_AreRefused(string option, string value)
    {
        Assert.Equal(ExitCodes.Configuration, await ReportAsync("latest", option, value));
        Assert.Contains($"{option} is", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutRuns_ThereIsNothingToReport()
    {
        Assert.Equal(ExitCodes.Configuration, await ReportAsync());
        Assert.Contains("CFA1801", _cli.Error, StringComparison.Ordinal);
    }
}
