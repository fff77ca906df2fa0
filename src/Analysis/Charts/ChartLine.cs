namespace CaffeActors.Analysis.Charts;

/// <summary>A line of a chart.</summary>
/// <param name="Label">What it is called.</param>
/// <param name="Xs">Where its points are.</param>
/// <param name="Ys">Their values; what is no finite number leaves a gap.</param>
public sealed record ChartLine(string Label, IReadOnlyList<double> Xs, IReadOnlyList<double> Ys)
{
    private const int MostPoints = 4000;

    /// <summary>The points in pieces between gaps, those of long lines thinned to the least and the greatest of each
    /// stretch: no peak gets lost, and a picture of a million points stays small.</summary>
    internal IEnumerable<(double[] Xs, double[] Ys)> Pieces()
    {
        List<double> xs = [], ys = [];
        foreach (int i in CurveThinning.Kept(Ys, Math.Max(1, 2 * Ys.Count / MostPoints)).Append(-1))
        {
            if (i >= 0 && double.IsFinite(Ys[i]))
            {
                xs.Add(Xs[i]);
                ys.Add(Ys[i]);
            }
            else if (xs.Count > 0)
            {
                yield return ([.. xs], [.. ys]);
                xs.Clear();
                ys.Clear();
            }
        }
    }
}
