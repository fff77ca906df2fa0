using CaffeActors.Analysis.Charts;

namespace CaffeActors.Analysis.Reports;

/// <summary>Fewer points for a curve that looks the same: of each stretch the least and the greatest value stay.</summary>
public static class CurveThinning
{
    /// <summary>Thins a curve.</summary>
    /// <param name="curve">The curve.</param>
    /// <param name="most">Points that may stay, at least 4.</param>
    public static MetricCurve Thin(MetricCurve curve, int most)
    {
        int count = curve.Values.Count;
        if (count <= most)
            return curve;
        List<int> kept = [0];
        int stretches = (most - 2) / 2;
        for (int s = 0; s < stretches; s++)
        {
            int from = 1 + (int)((long)s * (count - 2) / stretches);
            int to = 1 + (int)((long)(s + 1) * (count - 2) / stretches);
            int least = from, greatest = from;
            for (int i = from; i < to; i++)
            {
                // A gap is seen too.
                if (!double.IsFinite(curve.Values[i]))
                    least = greatest = i;
                if (curve.Values[i] < curve.Values[least])
                    least = i;
                if (curve.Values[i] > curve.Values[greatest])
                    greatest = i;
            }

            if (to > from)
                kept.AddRange(least == greatest ? [least] : [Math.Min(least, greatest), Math.Max(least, greatest)]);
        }

        kept.Add(count - 1);
        return new(Pick(curve.Steps, kept), Pick(curve.Seconds, kept), Pick(curve.Values, kept));
    }

    private static double[] Pick(IReadOnlyList<double> values, List<int> which) => [.. which.Select(i => values[i])];
}
