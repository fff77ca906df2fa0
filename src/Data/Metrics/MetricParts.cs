using System.Globalization;
using CaffeActors.Data.Files;

namespace CaffeActors.Data.Metrics;

/// <summary>The part files of a metrics folder: <c>part-NNNNN.parquet</c>, numbered from 0 in the order
/// written.</summary>
internal static class MetricParts
{
    private const string Prefix = "part-";
    private const string Suffix = ".parquet";

    /// <summary>The name of a part.</summary>
    public static string NameOf(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:D5}{Suffix}");

    /// <summary>The parts in the order written; files of other names are no parts.</summary>
    public static List<(int Number, string Path)> List(string directory)
    {
        var parts = new List<(int Number, string Path)>();
        foreach (string path in Directory.EnumerateFiles(directory, Prefix + "*" + Suffix))
        {
            ReadOnlySpan<char> number = Path.GetFileName(path.AsSpan())[Prefix.Length..^Suffix.Length];
            if (int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int parsed))
                parts.Add((parsed, path));
        }

        parts.Sort();
        return parts;
    }

    /// <summary>Removes the unfinished part that a killed process left.</summary>
    public static void RemoveUnfinished(string directory)
    {
        foreach (string path in Directory.GetFiles(directory, Prefix + "*" + Suffix + AtomicFile.TemporarySuffix))
            File.Delete(path);
    }
}
