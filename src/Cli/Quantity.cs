using System.Globalization;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Cli;

/// <summary>Numbers with a unit, as flags take them.</summary>
internal static class Quantity
{
    private static readonly Dictionary<string, double> _prefixes =
        new() { ["k"] = 1e3, ["M"] = 1e6, ["G"] = 1e9, ["T"] = 1e12, ["P"] = 1e15 };

    private static readonly Dictionary<string, double> _times =
        new() { ["ns"] = 1e-9, ["us"] = 1e-6, ["µs"] = 1e-6, ["ms"] = 1e-3, ["s"] = 1 };

    /// <summary>Bytes in a second: <c>25Gb</c> are bits, <c>3GB</c> bytes.</summary>
    public static double Bandwidth(string text, string flag)
    {
        (double? number, string unit) = Split(text);
        double? factor = unit.Length == 2 && _prefixes.TryGetValue(unit[..1], out double prefix)
            ? unit[1] switch { 'b' => prefix / 8, 'B' => prefix, _ => null } : null;
        return number * factor is > 0 and var value ? value
            : throw Wrong(flag, text, "a bandwidth such as 25Gb (bits in a second) or 3GB (bytes)");
    }

    /// <summary>Seconds: <c>10us</c>, <c>0.5ms</c>.</summary>
    public static double Time(string text, string flag)
    {
        (double? number, string unit) = Split(text);
        return number is >= 0 && _times.TryGetValue(unit, out double factor) ? number.Value * factor
            : throw Wrong(flag, text, "a time such as 10us, 0.5ms or 1s");
    }

    /// <summary>Operations in a second: <c>10T</c>.</summary>
    public static double Count(string text, string flag)
    {
        (double? number, string unit) = Split(text);
        return number is > 0 && (unit.Length == 0 || _prefixes.ContainsKey(unit))
            ? number.Value * _prefixes.GetValueOrDefault(unit, 1)
            : throw Wrong(flag, text, "a number such as 10T or 500G");
    }

    private static (double? Number, string Unit) Split(string text)
    {
        int digits = text.TakeWhile(c => char.IsAsciiDigit(c) || c == '.').Count();
        return (double.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
            out double number) ? number : null, text[digits..]);
    }

    private static CaffeException Wrong(string flag, string text, string expected) => new(
        ErrorCodes.Usage, FailureKind.Configuration, $"{flag} is {expected}, not '{text}'");
}
