using System.Globalization;

namespace CaffeActors.Compute.Prototxt;

/// <summary>
/// Floating-point numbers as protobuf prints them: with 6 digits (double: 15) where these lead back to the same
/// number, else with 9 (17), in the form of C's <c>%g</c>.
/// </summary>
internal static class FloatText
{
    // Below it protobuf does not trust reading back, and always takes the longer form.
    private const float SmallestNormal = 1.17549435e-38f;

    /// <summary>The text of a float, such as <c>0.1</c>, <c>1e-08</c>, <c>16777216</c> or <c>-inf</c>.</summary>
    public static string Of(float value)
    {
        if (!float.IsFinite(value))
            return Of((double)value);
        string text = value.ToString("G6", CultureInfo.InvariantCulture);
        bool denormal = value != 0 && MathF.Abs(value) < SmallestNormal;
        if (denormal || float.Parse(text, CultureInfo.InvariantCulture) != value)
            text = value.ToString("G9", CultureInfo.InvariantCulture);
        return text.Replace('E', 'e');
    }

    /// <summary>The text of a double.</summary>
    public static string Of(double value)
    {
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        string text = value.ToString("G15", CultureInfo.InvariantCulture);
        if (double.Parse(text, CultureInfo.InvariantCulture) != value)
            text = value.ToString("G17", CultureInfo.InvariantCulture);
        return text.Replace('E', 'e');
    }
}
