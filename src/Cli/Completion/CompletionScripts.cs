using System.Text;

namespace CaffeActors.Cli.Completion;

/// <summary>
/// Scripts by which shells complete the program's command lines. They hold all words, so nothing is started while
/// somebody types; what is neither a command nor a flag is completed as a file.
/// </summary>
internal static class CompletionScripts
{
    /// <summary>The shells there is a script for.</summary>
    public static IReadOnlyDictionary<string, Func<IReadOnlyList<CompletionWords>, string>> Shells { get; } =
        new Dictionary<string, Func<IReadOnlyList<CompletionWords>, string>>
        {
            ["bash"] = Bash,
            ["zsh"] = Zsh,
            ["pwsh"] = Pwsh,
        };

    private static string Bash(IReadOnlyList<CompletionWords> commands) => $$"""
        # Completes caffeactors in bash: source <(caffeactors completion bash)
        _caffeactors()
        {
            local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
            local path="" commands="" flags="" values="" i
            for ((i = 1; i < COMP_CWORD; i++)); do
                case "$path ${COMP_WORDS[i]}" in
        {{Lines(12, commands.Skip(1), words => $"\"{Lead(words)}\") path=\"{Lead(words)}\" ;;")}}
                esac
            done
            case "$path" in
        {{Lines(8, commands, words => Case(words, "\"", "\""))}}
            esac
            case "$path $prev" in
        {{Lines(8, Values(commands), value => $"\"{value.Path} {value.Flag}\") values=\"{value.Values}\" ;;")}}
            esac
            if [[ -n $values ]]; then
                COMPREPLY=($(compgen -W "$values" -- "$cur"))
            elif [[ $cur == -* ]]; then
                COMPREPLY=($(compgen -W "$flags" -- "$cur"))
            elif [[ -n $commands ]]; then
                COMPREPLY=($(compgen -W "$commands" -- "$cur"))
            else
                COMPREPLY=($(compgen -f -- "$cur"))
            fi
        }
        complete -o filenames -F _caffeactors caffeactors

        """;

    private static string Zsh(IReadOnlyList<CompletionWords> commands) => $$"""
        #compdef caffeactors
        # Completes caffeactors in zsh: source <(caffeactors completion zsh)
        _caffeactors()
        {
            local line="" i
            local -a commands flags values
            for ((i = 2; i < CURRENT; i++)); do
                case "$line ${words[i]}" in
        {{Lines(12, commands.Skip(1), words => $"\"{Lead(words)}\") line=\"{Lead(words)}\" ;;")}}
                esac
            done
            case "$line" in
        {{Lines(8, commands, words => Case(words, "(", ")"))}}
            esac
            case "$line ${words[CURRENT-1]}" in
        {{Lines(8, Values(commands), value => $"\"{value.Path} {value.Flag}\") values=({value.Values}) ;;")}}
            esac
            if (( ${#values} )); then
                compadd -- $values
            elif [[ ${words[CURRENT]} == -* ]]; then
                compadd -- $flags
            elif (( ${#commands} )); then
                compadd -- $commands
            else
                _files
            fi
        }
        if [[ ${funcstack[1]-} == _caffeactors ]]; then
            _caffeactors "$@"    # this is a file of the function path, loaded when it is first asked
        else
            (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
            compdef _caffeactors caffeactors
        fi

        """;

    private static string Pwsh(IReadOnlyList<CompletionWords> commands) => $$"""
        # Completes caffeactors in PowerShell: caffeactors completion pwsh | Out-String | Invoke-Expression
        Register-ArgumentCompleter -Native -CommandName caffeactors -ScriptBlock {
            param($word, $line, $cursor)
            $commands = @{
        {{Lines(8, commands, words => $"'{Lead(words)}' = '{Join(words.Commands)}'")}}
            }
            $flags = @{
        {{Lines(8, commands, words => $"'{Lead(words)}' = '{Join(words.Flags)}'")}}
            }
            $values = @{
        {{Lines(8, Values(commands), value => $"'{value.Path} {value.Flag}' = '{value.Values}'")}}
            }
            $path = ''
            $before = @($line.CommandElements | Select-Object -Skip 1 |
                Where-Object { $_.Extent.EndOffset -lt $cursor } | ForEach-Object { $_.ToString() })
            foreach ($element in $before) {
                if ($commands.ContainsKey("$path $element")) { $path = "$path $element" }
            }
            $previous = if ($before.Count -gt 0) { $before[-1] } else { '' }
            $found = if ($values.ContainsKey("$path $previous")) { $values["$path $previous"] }
                elseif ($word.StartsWith('-')) { $flags[$path] } else { $commands[$path] }
            $found -split ' ' | Where-Object { $_ -and $_.StartsWith($word) } | ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
            }
        }

        """;

    private static string Case(CompletionWords words, string open, string close) =>
        $"\"{Lead(words)}\") commands={open}{Join(words.Commands)}{close} flags={open}{Join(words.Flags)}{close} ;;";

    private static IEnumerable<(string Path, string Flag, string Values)> Values(
        IEnumerable<CompletionWords> commands) =>
        from words in commands
        from value in words.Values
        select (Lead(words), value.Key, Join(value.Value));

    private static string Lead(CompletionWords words) => words.Path.Length == 0 ? "" : $" {words.Path}";

    private static string Join(IEnumerable<string> words) => string.Join(' ', words);

    private static string Lines<T>(int indent, IEnumerable<T> items, Func<T, string> line)
    {
        var text = new StringBuilder();
        foreach (T item in items)
            text.Append(text.Length > 0 ? "\n" : "").Append(' ', indent).Append(line(item));
        return text.ToString();
    }
}
