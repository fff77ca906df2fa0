using System.Diagnostics.CodeAnalysis;

namespace CaffeActors.Compute.Diagnostics;

/// <summary>
/// A failure a user can act on: what is wrong, where, and what to do. Everything the libraries refuse is told by
/// this one type; nothing ends the process from inside them.
/// </summary>
[SuppressMessage("Design", "CA1032", Justification = "An error without code and kind could not be told to a user.")]
public sealed class CaffeException : Exception
{
    /// <summary>Makes a failure.</summary>
    /// <param name="code">One of <see cref="ErrorCodes"/>.</param>
    /// <param name="kind">Decides the exit code.</param>
    /// <param name="message">What is wrong, with the offending values, and what to do.</param>
    /// <param name="place">Where in the user's file, if known.</param>
    /// <param name="inner">The cause, shown with <c>--verbose</c> only.</param>
    public CaffeException(
        string code, FailureKind kind, string message, SourcePlace? place = null, Exception? inner = null)
        : base(message, inner)
    {
        Code = code;
        Kind = kind;
        Place = place;
    }

    /// <summary>The error's code, <c>CFAnnnn</c>; it never changes its meaning.</summary>
    public string Code { get; }

    /// <summary>The kind, which decides the exit code.</summary>
    public FailureKind Kind { get; }

    /// <summary>The place in the user's file, or null where there is none.</summary>
    public SourcePlace? Place { get; }

    /// <summary>Which item of the batch is at fault, or -1: whoever knows the batch's records can then name the
    /// record.</summary>
    public int BatchItem { get; init; } = -1;

    /// <summary>The same failure at a place, for callers that know the file; a place already known is kept.</summary>
    public CaffeException At(SourcePlace? place) =>
        Place is not null || place is null ? this
            : new CaffeException(Code, Kind, Message, place, InnerException ?? this) { BatchItem = BatchItem };

    /// <summary>The line users see: <c>PATH(LINE,COLUMN): error CFAnnnn: text</c>.</summary>
    public string ToDiagnostic() =>
        Place is { Path.Length: > 0 } place ? $"{place}: error {Code}: {Message}" : $"error {Code}: {Message}";
}
