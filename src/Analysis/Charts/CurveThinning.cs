namespace CaffeActors.Analysis.Charts;

/// <summary>Fewer points for a curve that looks the same: of each stretch the least and the greatest value stay, and a
/// gap where there is one.</summary>
public static class CurveThinning
{
    /// <summary>Thins a curve; its ends stay.</summary>
    /// <param name="curve">The curve.</param>
    /// <param name="most">Points that may stay of a curve without gaps, at least 4.</param>
    public static MetricCurve Thin(MetricCurve curve, int most)
    {
        int count = curve.Values.Count;
        if (count <= most)
            return curve;
        int stretch = ((2 * count) + most - 3) / (most - 2);
        int[] kept = [0, .. Kept(curve.Values, stretch).Where(i => i > 0 && i < count - 1), count - 1];
        return new(Pick(curve.Steps, kept), Pick(curve.Seconds, kept), Pick(curve.Values, kept));
    }

    /// <summary>The places that stay, rising.</summary>
    /// <param name="values">The values; what is no finite number is a gap.</param>
    /// <param name="stretch">Points of a stretch, at least 1.</param>
    internal static IEnumerable<int> Kept(IReadOnlyList<double> values, int stretch)
    {
        for (int start = 0; start < values.Count; start += stretch)
        {
            int least = start, greatest = start, end = Math.Min(start + stretch, values.Count);
            int gap = -1;
            for (int i = start; i < end; i++)
            {
                gap = double.IsFinite(values[i]) ? gap : i;
                least = values[i] < values[least] ? i : least;
                greatest = values[i] > values[greatest] ? i : greatest;
            }

            foreach (int i in new SortedSet<int> { least, greatest, gap < 0 ? least : gap })
                yield return i;
        }
    }

    private static double[] Pick(IReadOnlyList<double> values, int[] which) => [.. which.Select(i => values[i])];
}
