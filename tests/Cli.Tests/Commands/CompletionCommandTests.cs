using System.Diagnostics;

namespace CaffeActors.Cli.Tests.Commands;

/// <summary>completion: bash itself completes by the script; the scripts of all shells have all commands.</summary>
public sealed class CompletionCommandTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    [Theory]
    [InlineData("caffeactors ne", "net")]
    [InlineData("caffeactors net d", "draw")]
    [InlineData("caffeactors net draw --rank", "--rankdir")]
    [InlineData("caffeactors net draw --phase ", "Test Train")]
    [InlineData("caffeactors train --res", "--resume")]
    [InlineData("caffeactors train net.pr", "net.prototxt")]
    [InlineData("caffeactors train net --max-it", "--max-iter")]
    [InlineData("caffeactors completion ", "bash pwsh zsh")]
    [InlineData("caffeactors --verb", "--verbose")]
    [InlineData("caffeactors net draw --verb", "--verbose")]
    [InlineData("caffeactors nobody", "")]
    public async Task Bash_CompletesByTheScript(string line, string completions)
    {
        _cli.Write("net.prototxt", "");
        Assert.Equal(0, await _cli.RunAsync("completion", "bash"));
        string script = _cli.Write("complete.sh", $"""
            {_cli.Out}
            cd '{_cli.At()}'
            COMP_WORDS=({line}{(line.EndsWith(' ') ? "\"\"" : "")})
            COMP_CWORD=$(({line.Split(' ').Length} - 1))
            _caffeactors
            echo "$(printf '%s\n' "${"{"}COMPREPLY[@]{"}"}" | sort | tr '\n' ' ')"
            complete -p caffeactors
            """);
        using Process bash = Process.Start(new ProcessStartInfo("bash", ["--noprofile", "--norc", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["LC_ALL"] = "C" },
        })!;
        string[] output = (await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n');
        Assert.Empty(await bash.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal(completions, output[0].Trim());
        Assert.Equal("complete -o filenames -F _caffeactors caffeactors", output[1]);
        Assert.Equal(0, await bash.ExitAsync());
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("pwsh")]
    public async Task EachScript_HasAllCommandsAndTheirFlags(string shell)
    {
        Assert.Equal(0, await _cli.RunAsync("completion", shell));
        foreach ((VerbAttribute verb, _) in CommandLine.Verbs)
            Assert.Contains($" {verb.Path}", _cli.Out, StringComparison.Ordinal);
        Assert.Contains("--input-shape", _cli.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("  \n", _cli.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownShell_IsRefused()
    {
        Assert.Equal(2, await _cli.RunAsync("completion", "tcsh"));
        Assert.Contains("SHELL is one of bash, zsh, pwsh, not 'tcsh'", _cli.Error, StringComparison.Ordinal);
    }
}
