using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Metrics;

namespace CaffeActors.Actors.Configuration;

/// <summary>
/// Reads <c>acceptance { accuracy >= 0.88 }</c>. To HOCON this is the key <c>accuracy ></c> with a value, so a
/// configuration that includes another replaces its limits, and null takes one away.
/// </summary>
internal static class AcceptanceReader
{
    private const string Expected = "a number, as in accuracy >= 0.88";

    /// <summary>The thresholds in the order written.</summary>
    /// <exception cref="CaffeException">A line is none; the place is its own.</exception>
    public static IReadOnlyList<AcceptanceThreshold> Read(HoconSection section)
    {
        List<AcceptanceThreshold> thresholds = [];
        foreach (string key in section.Values.Keys)
        {
            if (key.Length == 0 || key[^1] is not ('>' or '<') || key[..^1].Trim().Length == 0)
            {
                throw new CaffeException(ErrorCodes.UnknownKey, FailureKind.Configuration,
                    $"'{key}' in {section.Path} is no threshold; write the metric of a test, >= or <=, and a limit: "
                    + "accuracy >= 0.88 (a name with a dot in it stands in quotes: \"loss3.a\" <= 0.5)",
                    section.Values.PlaceOfKey(key));
            }

            if (!section.Has(key))
                continue;
            double limit = section.Values[key] is HoconScalar scalar && HoconSection.TryNumber(scalar) is { } number
                ? number
                : throw section.Wrong(key, Expected);
            thresholds.Add(new AcceptanceThreshold(MetricOf(key[..^1].Trim()),
                key[^1] == '>' ? MetricMode.Max : MetricMode.Min, limit, section.Values.PlaceOfKey(key)));
        }

        return thresholds;
    }

    // Outputs may have a slash in their name, so only test0/, test1/, ... says which test is meant.
    private static string MetricOf(string written)
    {
        int slash = written.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && MetricNames.IsTest(written.AsSpan(0, slash)) ? written : $"{MetricNames.Test(0)}/{written}";
    }
}
