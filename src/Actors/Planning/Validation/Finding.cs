using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Planning.Validation;

/// <summary>Something that a look at a net, solver or run configuration has found.</summary>
/// <param name="IsError">Whether training would refuse it; else it is a warning.</param>
/// <param name="Code">One of <see cref="ErrorCodes"/>.</param>
/// <param name="Text">What it is, and what to do.</param>
/// <param name="Place">Where it is written, or null.</param>
public sealed record Finding(bool IsError, string Code, string Text, SourcePlace? Place)
{
    /// <summary>The line that MSBuild and Azure Pipelines read: <c>PATH(LINE,COLUMN): error CFAnnnn:
    /// text</c>.</summary>
    public string ToDiagnostic() => string.Concat(
        Place is { Path.Length: > 0 } place ? $"{place}: " : "", IsError ? "error " : "warning ", Code, ": ", Text);
}
