using System.Text;

namespace CaffeActors.Cli.AzureDevOps;

/// <summary>
/// A console in a pipeline: what would be a command to the agent is broken, so that names and keys from a user's files
/// and data (a layer called <c>##vso[task.setvariable …]</c>) remain text. Thread-safe where the console is.
/// </summary>
/// <param name="console">The console.</param>
internal sealed class PlainWriter(TextWriter console) : TextWriter
{
    /// <inheritdoc/>
    public override Encoding Encoding => console.Encoding;

    /// <summary>Text without commands.</summary>
    public static string Plain(string text) => text
        .Replace("##vso[", "## vso[", StringComparison.OrdinalIgnoreCase)
        .Replace("##[", "## [", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override void Write(char value) => console.Write(value);

    /// <inheritdoc/>
    public override void Write(string? value) => console.Write(value is null ? null : Plain(value));

    /// <inheritdoc/>
    public override void WriteLine(string? value) => console.WriteLine(value is null ? null : Plain(value));

    /// <inheritdoc/>
    public override void Flush() => console.Flush();
}
