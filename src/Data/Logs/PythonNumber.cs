using System.Globalization;

namespace CaffeActors.Data.Logs;

/// <summary>
/// Numbers as Python writes them, for files that scripts compare: the shortest digits that read back the same,
/// always with a point or an exponent (<c>1.0</c>, <c>1e-05</c>, <c>1e+16</c>, <c>nan</c>).
/// </summary>
public static class PythonNumber
{
    private const int LeastPlainExponent = -4;
    private const int LeastLargeExponent = 16;

    /// <summary>Python's <c>repr</c> of a float.</summary>
    public static string Repr(double value)
    {
        if (double.IsNaN(value))
            return "nan";
        if (double.IsInfinity(value))
            return value < 0 ? "-inf" : "inf";
        string sign = double.IsNegative(value) ? "-" : "";
        (string digits, int exponent) = DigitsOf(Math.Abs(value));
        if (exponent is < LeastPlainExponent or >= LeastLargeExponent)
        {
            string fraction = digits.Length > 1 ? "." + digits[1..] : "";
            string size = Math.Abs(exponent).ToString("D2", CultureInfo.InvariantCulture);
            return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{size}";
        }

        if (exponent < 0)
            return sign + "0." + new string('0', -exponent - 1) + digits;
        string padded = digits.PadRight(exponent + 2, '0');
        return $"{sign}{padded[..(exponent + 1)]}.{padded[(exponent + 1)..]}";
    }

    // The digits without leading and trailing zeros, the first of them the units of 10^exponent.
    private static (string Digits, int Exponent) DigitsOf(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        int mark = text.IndexOf('E', StringComparison.Ordinal);
        int exponent = mark < 0 ? 0
            : int.Parse(text.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string mantissa = mark < 0 ? text : text[..mark];
        int point = mantissa.IndexOf('.', StringComparison.Ordinal);
        string all = point < 0 ? mantissa : mantissa.Remove(point, 1);
        string digits = all.TrimStart('0');
        exponent += (point < 0 ? mantissa.Length : point) - 1 - (all.Length - digits.Length);
        digits = digits.TrimEnd('0');
        return digits.Length == 0 ? ("0", 0) : (digits, exponent);
    }
}
