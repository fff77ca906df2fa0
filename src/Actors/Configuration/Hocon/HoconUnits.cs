using System.Globalization;

namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>HOCON's durations and sizes: a number, blanks or none, a unit.</summary>
public static class HoconUnits
{
    private static readonly Dictionary<string, decimal> Nanoseconds = Table(
        (1m, "ns nano nanos nanosecond nanoseconds"),
        (1e3m, "us micro micros microsecond microseconds"),
        (1e6m, " ms milli millis millisecond milliseconds"),
        (1e9m, "s second seconds"),
        (60e9m, "m minute minutes"),
        (3600e9m, "h hour hours"),
        (86400e9m, "d day days"));

    private static readonly Dictionary<string, decimal> Bytes = Table(
        (1m, " B b byte bytes"),
        (1e3m, "kB kilobyte kilobytes"),
        (1e6m, "MB megabyte megabytes"),
        (1e9m, "GB gigabyte gigabytes"),
        (1e12m, "TB terabyte terabytes"),
        (1e15m, "PB petabyte petabytes"),
        (1e18m, "EB exabyte exabytes"),
        (1L << 10, "K k Ki KiB kibibyte kibibytes"),
        (1L << 20, "M m Mi MiB mebibyte mebibytes"),
        (1L << 30, "G g Gi GiB gibibyte gibibytes"),
        (1L << 40, "T t Ti TiB tebibyte tebibytes"),
        (1L << 50, "P p Pi PiB pebibyte pebibytes"),
        (1L << 60, "E e Ei EiB exbibyte exbibytes"));

    /// <summary>Reads a duration: <c>10ms</c>, <c>1.5 h</c>, <c>2 days</c>; milliseconds where there is no
    /// unit.</summary>
    /// <returns>The duration, rounded to 100 ns; null for text that is none, or beyond 10,000 days.</returns>
    public static TimeSpan? TryDuration(string text) =>
        TryMeasure(text, Nanoseconds) is { } ns && Math.Abs(ns) <= 10_000 * 86400e9m
            ? TimeSpan.FromTicks((long)Math.Round(ns / 100))
            : null;

    /// <summary>Reads a size: <c>64KiB</c> and <c>64k</c> are 65,536, <c>10MB</c> is 10,000,000; bytes where there is
    /// no unit.</summary>
    /// <returns>The size in bytes; null for text that is none, for fractions of a byte, or beyond 64 bits.</returns>
    public static long? TrySize(string text) =>
        TryMeasure(text, Bytes) is { } bytes && bytes == Math.Truncate(bytes) && Math.Abs(bytes) <= long.MaxValue
            ? (long)bytes
            : null;

    private static decimal? TryMeasure(string text, Dictionary<string, decimal> units)
    {
        text = text.Trim();
        int unit = text.Length;
        while (unit > 0 && char.IsLetter(text[unit - 1]))
            unit--;
        const NumberStyles Form =
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (!units.TryGetValue(text[unit..], out decimal factor)
            || !decimal.TryParse(
                text.AsSpan(0, unit).TrimEnd(), Form, CultureInfo.InvariantCulture, out decimal number))
            return null;
        const decimal Most = 1e9m;
        return Math.Abs(number) > Most && Math.Abs(number) > decimal.MaxValue / factor ? null : number * factor;
    }

    // A leading blank gives the unit that is meant where none is written.
    private static Dictionary<string, decimal> Table(params (decimal Factor, string Names)[] units) =>
        units.SelectMany(unit => unit.Names.Split(' ').Select(name => (name, unit.Factor))).ToDictionary();
}
