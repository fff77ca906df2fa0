using System.Globalization;

namespace CaffeActors.Compute.Diagnostics;

/// <summary>Numbers as Caffe's log prints them, and its parsers expect them: six significant digits, C's %g.</summary>
public static class LogNumber
{
    /// <summary>Formats a number: <c>0.00964069</c>, <c>1e-05</c>, <c>nan</c>, <c>-inf</c>.</summary>
    public static string Format(double value) =>
        double.IsNaN(value) ? "nan"
        : double.IsInfinity(value) ? value > 0 ? "inf" : "-inf"
        : value.ToString("G6", CultureInfo.InvariantCulture).Replace('E', 'e');
}
