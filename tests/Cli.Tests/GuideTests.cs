using System.CommandLine;
using System.Diagnostics;
using System.Text.RegularExpressions;
using CaffeActors.Testing;

namespace CaffeActors.Cli.Tests;

/// <summary>The commands in the guides are run, or at least understood, as they stand.</summary>
public sealed partial class GuideTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task GettingStarted_RunsAsItStands()
    {
        string page = await File.ReadAllTextAsync(
            Repository.PathOf("docs", "getting-started.md"), TestContext.Current.CancellationToken);
        string[] blocks = [.. ShellBlock().Matches(page).Select(match => match.Groups[1].Value)];
        Assert.True(blocks.Length >= 6);
        string script = _cli.Write("guide.sh", $$"""
            set -e
            caffeactors() { dotnet '{{typeof(CommandLine).Assembly.Location}}' "$@"; }
            cd '{{_cli.At()}}'
            {{string.Concat(blocks)}}
            """);
        using Process bash = Process.Start(new ProcessStartInfo("bash", ["--noprofile", "--norc", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> error = bash.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(bash.ExitCode == 0, $"{output}\n{await error}");
        Assert.Contains("<svg", await File.ReadAllTextAsync(
            _cli.At("shapes", "net.svg"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Contains("base_lr = 0.005  # --set", output, StringComparison.Ordinal);
        Assert.Matches(@"shapes_iter_600\.caffemodel", output);
        // The last command tests what was trained.
        Assert.Matches(@"accuracy = (1|0\.9[5-9]\d*)\n", await error);
    }

    [Fact]
    public async Task FromCaffe_NamesCommandsAndFlagsThatAreThere()
    {
        string page = await File.ReadAllTextAsync(
            Repository.PathOf("docs", "from-caffe.md"), TestContext.Current.CancellationToken);
        string[] lines = [.. Cell().Matches(page).Select(match => match.Groups[1].Value)];
        Assert.True(lines.Length > 20);
        RootCommand root = CommandLine.Build(new Terminal(TextWriter.Null, TextWriter.Null, false, static _ => null));
        foreach (string line in lines)
        {
            ParseResult parsed = root.Parse(Gflags.Switches(Gflags.Normalize(line.Split(' ')), root));
            Assert.True(UsageErrors.Of(parsed) is null, $"{line}: {UsageErrors.Of(parsed)}");
            Assert.NotEqual(root, parsed.CommandResult.Command);
        }
    }

    [GeneratedRegex(@"^```sh\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex ShellBlock();

    [GeneratedRegex(@"\| `caffeactors ([^`]+)` \|")]
    private static partial Regex Cell();
}
