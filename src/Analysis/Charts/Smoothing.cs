namespace CaffeActors.Analysis.Charts;

/// <summary>
/// Smooths curves: the mean of all values up to a point, each weighing w times as much as the one after it:
/// s(i) = Σ w^(i-j) v(j) / Σ w^(i-j), over j up to i.
/// </summary>
public static class Smoothing
{
    /// <summary>Smooths.</summary>
    /// <param name="values">The values; those that are no finite number stay as they are and count for no
    /// other.</param>
    /// <param name="weight">w, from 0 (nothing is smoothed) to less than 1.</param>
    public static double[] Apply(IReadOnlyList<double> values, double weight)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(weight);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(weight, 1);
        var smooth = new double[values.Count];
        double sum = 0, weights = 0;
        for (int i = 0; i < smooth.Length; i++)
        {
            if (!double.IsFinite(values[i]))
            {
                smooth[i] = values[i];
                continue;
            }

            sum = (weight * sum) + values[i];
            weights = (weight * weights) + 1;
            smooth[i] = sum / weights;
        }

        return smooth;
    }
}
