using System.Globalization;
using System.Text.RegularExpressions;

namespace CaffeActors.Cli.Tests.Commands;

/// <summary>init: what it makes is sound, and trains.</summary>
public sealed partial class InitCommandTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Init_MakesAFolderThatTrains()
    {
        string folder = _cli.At("mine"), config = Path.Combine(folder, "mine.hocon");
        Assert.Equal(0, await _cli.RunAsync("init", folder));
        Assert.Contains($"caffeactors train {config}", _cli.Out, StringComparison.Ordinal);
        Assert.Equal(
            [".gitignore", "README.md", "labels.txt", "mine.hocon", "net.prototxt", "solver.prototxt"],
            Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));

        Assert.True(await _cli.RunAsync("net", "validate", config) == 0, _cli.Out);
        Assert.EndsWith(": 0 error(s), 0 warning(s)\n", _cli.Out, StringComparison.Ordinal);

        Assert.True(await _cli.RunAsync("train", config, "--output-root", _cli.At("runs")) == 0, _cli.Error);
        string last = Accuracy().Matches(_cli.Error)[^1].Groups[1].Value;
        Assert.InRange(double.Parse(last, CultureInfo.InvariantCulture), 0.95, 1);
    }

    [Fact]
    public async Task Init_LeavesWhatIsThereAlone()
    {
        string file = _cli.Write(Path.Combine("mine", "a.txt"), "mine");
        Assert.Equal(2, await _cli.RunAsync("init", _cli.At("mine")));
        Assert.Contains("is there already", _cli.Error, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal(5, await _cli.RunAsync("init", Path.Combine(file, "below")));
        Assert.Contains("error CFA1404", _cli.Error, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"Test net output #0: accuracy = ([\d.e-]+)")]
    private static partial Regex Accuracy();
}
