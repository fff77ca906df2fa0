using System.Text;
using CaffeActors.Testing;

namespace CaffeActors.Cli.Tests;

/// <summary>docs/cli.md is what the commands' help says, word for word.</summary>
public sealed class DocumentationTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task CliPage_IsTheCommandsHelp()
    {
        var page = new StringBuilder("""
            # The command line

            What `--help` says of each command. From a clone, `dotnet run --` stands for `caffeactors`.

            This page is written by the commands themselves:
            `CAFFEACTORS_WRITE_DOCS=1 dotnet test --project tests/Cli.Tests` brings it up to date.

            """);
        await AppendAsync(page, "caffeactors", []);
        foreach ((VerbAttribute verb, _) in CommandLine.Verbs)
            await AppendAsync(page, verb.Path, verb.Path.Split(' '));
        string path = Repository.PathOf("docs", "cli.md");
        if (Environment.GetEnvironmentVariable("CAFFEACTORS_WRITE_DOCS") == "1")
            await File.WriteAllTextAsync(path, page.ToString(), TestContext.Current.CancellationToken);
        Assert.Equal(page.ToString(), await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
    }

    private async Task AppendAsync(StringBuilder page, string title, string[] words)
    {
        Assert.Equal(ExitCodes.Done, await _cli.RunAsync([.. words, "--help"]));
        string help = string.Join('\n', _cli.Out.Trim().Split('\n').Select(line => line.TrimEnd()));
        page.Append($"\n## {title}\n\n```text\n{help}\n```\n");
    }
}
