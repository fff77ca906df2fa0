using System.Diagnostics;
using System.Globalization;

namespace CaffeActors.Cli.Tests.Commands;

/// <summary>completion: bash itself completes by the script, and so do zsh and PowerShell where they
/// are; the scripts of all shells have all commands.</summary>
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

    // Each presses the tabulator behind a line and prints `LINE => what came of it`.
    [Theory]
    [InlineData("zsh", ".zsh", """
        zmodload zsh/zpty
        zpty shell zsh -f -i
        zpty -w shell "PROMPT='' RPROMPT=''; unsetopt beep; source '{0}'; bindkey '^I' complete-word"
        zpty -w shell "show() {{ print -r -- \"RESULT<\$BUFFER>\"; zle kill-whole-line }}"
        zpty -w shell "zle -N show; bindkey '^X' show"
        zpty -w shell "echo READ''Y"
        zpty -r -m shell out '*READY*'
        for line in "${{(@f)$(<'{1}')}}"; do
          zpty -w -n shell "$line"$'\t\x18'
          zpty -r -m shell out '*RESULT<*>*'
          print -r -- "$line => ${{${{${{out##*RESULT<}}%%>*}}% }}"
        done
        zpty -d shell
        """)]
    [InlineData("pwsh", ".ps1", """
        Get-Content -Raw '{0}' | Invoke-Expression
        foreach ($line in Get-Content '{1}') {{
          $found = (TabExpansion2 -inputScript $line -cursorColumn $line.Length).CompletionMatches
          $words = @($line -split ' ')
          $words[-1] = $found.Count -eq 1 ? ($found[0].CompletionText -replace '^\./', '') : $words[-1]
          "$line => $($words -join ' ')"
        }}
        """)]
    public async Task Zsh_AndPowerShell_CompleteByTheirScripts(string shell, string extension, string driver)
    {
        Assert.Equal(0, await _cli.RunAsync("completion", shell));
        string script = _cli.Write("complete" + extension, _cli.Out);
        // They are not on every machine; the script is one that all commands are in.
        string? program = (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, shell)).FirstOrDefault(File.Exists);
        (string Line, string Completed)[] wanted =
        [
            ("caffeactors ne", "caffeactors net"),
            ("caffeactors net d", "caffeactors net draw"),
            ("caffeactors net draw --rank", "caffeactors net draw --rankdir"),
            ("caffeactors net draw --phase Te", "caffeactors net draw --phase Test"),
            ("caffeactors train net.pr", "caffeactors train net.prototxt"),
            ("caffeactors train net --max-it", "caffeactors train net --max-iter"),
            ("caffeactors completion z", "caffeactors completion zsh"),
            ("caffeactors nobody", "caffeactors nobody"),
        ];
        Assert.Contains("--rankdir", _cli.Out, StringComparison.Ordinal);
        if (program is null)
            return;
        _cli.Write("net.prototxt", "");
        string lines = _cli.Write("lines", string.Join('\n', wanted.Select(pair => pair.Line)) + "\n");
        string file = _cli.Write("driver" + extension,
            string.Format(CultureInfo.InvariantCulture, driver, script, lines));
        using Process process = Process.Start(
            new ProcessStartInfo(program, shell == "zsh" ? ["-f", file] : ["-NoProfile", "-File", file])
            {
                WorkingDirectory = _cli.At(),
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["HOME"] = _cli.At() },
            })!;
        using CancellationTokenRegistration end =
            TestContext.Current.CancellationToken.Register(() => process.Kill(entireProcessTree: true));
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)
            .WaitAsync(CliProcess.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(wanted.Select(pair => $"{pair.Line} => {pair.Completed}"),
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd()));
        Assert.Equal(0, await process.ExitAsync());
    }

    [Fact]
    public async Task UnknownShell_IsRefused()
    {
        Assert.Equal(2, await _cli.RunAsync("completion", "tcsh"));
        Assert.Contains("SHELL is one of bash, zsh, pwsh, not 'tcsh'", _cli.Error, StringComparison.Ordinal);
    }
}
