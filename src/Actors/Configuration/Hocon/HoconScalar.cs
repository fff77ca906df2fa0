using System.Text.RegularExpressions;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>A simple value: null, boolean, number or text, kept as it was written.</summary>
public sealed partial class HoconScalar : HoconValue
{
    private HoconScalar(HoconKind kind, string text, SourcePlace place, string? variable)
        : base(place) => (Kind, Text, Variable) = (kind, text, variable);

    /// <inheritdoc/>
    public override HoconKind Kind { get; }

    /// <summary>The characters, without quotes; numbers exactly as written.</summary>
    public string Text { get; }

    /// <summary>The environment variable that the value came from, or null.</summary>
    public string? Variable { get; }

    /// <inheritdoc/>
    public override string Described => Kind == HoconKind.Text ? HoconText.Quote(Text) : Text;

    /// <summary>A value written without quotes: what it is follows from its characters.</summary>
    public static HoconScalar Unquoted(string text, SourcePlace place) => new(KindOf(text), text, place, null);

    /// <summary>A value that is text whatever its characters.</summary>
    /// <param name="text">The characters.</param>
    /// <param name="place">Where it was written.</param>
    /// <param name="variable">The environment variable it came from, if any.</param>
    public static HoconScalar Quoted(string text, SourcePlace place, string? variable = null) =>
        new(HoconKind.Text, text, place, variable);

    private static HoconKind KindOf(string text) => text switch
    {
        "null" => HoconKind.Null,
        "true" or "false" => HoconKind.Boolean,
        _ => NumberForm().IsMatch(text) ? HoconKind.Number : HoconKind.Text,
    };

    [GeneratedRegex(@"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\z")]
    private static partial Regex NumberForm();
}
