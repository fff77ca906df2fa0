using System.Globalization;

namespace CaffeActors.Compute.Diagnostics;

/// <summary>Numbers of bytes for people.</summary>
public static class ByteText
{
    /// <summary>A number of bytes in the unit that suits it: <c>0</c>, <c>12.0 KiB</c>, <c>3.5 MiB</c>,
    /// <c>1.25 GiB</c>.</summary>
    public static string Of(long bytes) => bytes switch
    {
        0 => "0",
        < 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:F1} KiB"),
        < 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:F1} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1073741824.0:F2} GiB"),
    };
}
