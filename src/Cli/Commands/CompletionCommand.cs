using System.CommandLine;
using CaffeActors.Cli.Completion;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Cli.Commands;

/// <summary>Writes a script by which a shell completes the program's command lines.</summary>
[Verb("completion", "Print a script by which a shell completes the words and flags of the program.",
    "caffeactors completion bash", Notes = """
    bash, in ~/.bashrc:  source <(caffeactors completion bash)
    zsh, in ~/.zshrc:    source <(caffeactors completion zsh)
    pwsh, in $PROFILE:   caffeactors completion pwsh | Out-String | Invoke-Expression
    """)]
internal sealed class CompletionCommand : VerbCommand
{
    private readonly Argument<string> _shell = new("SHELL") { Description = "The shell." };

    public override void Define(Command command)
    {
        _shell.CompletionSources.Add([.. CompletionScripts.Shells.Keys]);
        command.Arguments.Add(_shell);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        string shell = arguments.GetValue(_shell)!;
        if (!CompletionScripts.Shells.TryGetValue(shell, out Func<IReadOnlyList<CompletionWords>, string>? script))
        {
            throw new CaffeException(ErrorCodes.Usage, FailureKind.Configuration,
                $"SHELL is one of {string.Join(", ", CompletionScripts.Shells.Keys)}, not '{shell}'");
        }

        terminal.Out.Write(script([.. CompletionWords.Of(CommandLine.Build(terminal))]).ReplaceLineEndings("\n"));
        return Task.FromResult(ExitCodes.Done);
    }
}
