using System.Globalization;
using System.Text.RegularExpressions;

namespace CaffeActors.MSBuild;

/// <summary>
/// A line of the program, read as MSBuild's canonical form <c>FILE(LINE,COLUMN): error CFAnnnn: text</c>, or as a line
/// of its log, which begins as glog's do (<c>W0102 03:04:05.678901 9 File.cs:12] text</c>).
/// </summary>
internal sealed class Diagnostic
{
    private static readonly Regex _canonical = new(
        @"^(?:(?<file>.+?)(?:\((?<line>\d+)(?:,(?<column>\d+))?\))?: )?(?<kind>error|warning) (?<code>CFA\d{4}): "
        + "(?<text>.*)$", RegexOptions.CultureInvariant);

    private static readonly Regex _log = new(
        @"^(?<level>[IWEF])\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ [^\]]+\] (?<text>.*)$", RegexOptions.CultureInvariant);

    private Diagnostic(DiagnosticKind kind, string text) => (Kind, Text) = (kind, text);

    /// <summary>What it is.</summary>
    public DiagnosticKind Kind { get; }

    /// <summary>Its text, without what is told apart.</summary>
    public string Text { get; }

    /// <summary>The code; null where there is none.</summary>
    public string? Code { get; private set; }

    /// <summary>The file; null where there is none.</summary>
    public string? File { get; private set; }

    /// <summary>The line, from 1; 0 where there is none.</summary>
    public int Line { get; private set; }

    /// <summary>The column, from 1; 0 where there is none.</summary>
    public int Column { get; private set; }

    /// <summary>Reads a line.</summary>
    public static Diagnostic Of(string line)
    {
        // What the log calls an error has not ended the program: what does is told in canonical form.
        if (_log.Match(line) is { Success: true } logged)
        {
            return new Diagnostic(
                logged.Groups["level"].Value == "I" ? DiagnosticKind.None : DiagnosticKind.Warning,
                logged.Groups["text"].Value);
        }

        if (_canonical.Match(line) is not { Success: true } match)
            return new Diagnostic(DiagnosticKind.None, line);
        return new Diagnostic(match.Groups["kind"].Value == "error" ? DiagnosticKind.Error : DiagnosticKind.Warning,
            match.Groups["text"].Value)
        {
            Code = match.Groups["code"].Value,
            File = match.Groups["file"] is { Success: true } file ? file.Value : null,
            Line = Number(match.Groups["line"]),
            Column = Number(match.Groups["column"]),
        };
    }

    private static int Number(Group group) =>
        int.TryParse(group.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;
}
