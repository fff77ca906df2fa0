using CaffeActors.Analysis.Charts;

namespace CaffeActors.Live.History;

/// <summary>
/// The values of one metric so far, bounded: when they have become too many, every other one goes, so that the curve
/// looks the same. Each point has a number, so that who has seen the older ones is sent the newer alone.
/// </summary>
/// <param name="split">The metric's split.</param>
/// <param name="name">Its name.</param>
/// <param name="rank">The worker it is measured on.</param>
internal sealed class LiveCurve(string split, string name, int rank)
{
    /// <summary>The most points of a curve; then it is thinned to half of them.</summary>
    public const int Most = 1200;

    private readonly List<double> _steps = [];
    private readonly List<double> _seconds = [];
    private readonly List<double> _values = [];
    private readonly List<long> _numbers = [];
    private long _thinned;

    /// <summary>The metric's split.</summary>
    public string Split => split;

    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>The worker it is measured on.</summary>
    public int Rank => rank;

    /// <summary>The newest value.</summary>
    public double Last => _values[^1];

    /// <summary>Adds a point behind the others; one at the last step replaces it.</summary>
    /// <param name="number">Its number, greater than all before it.</param>
    /// <param name="step">The step.</param>
    /// <param name="seconds">Seconds since the history began.</param>
    /// <param name="value">The value.</param>
    public void Add(long number, double step, double seconds, double value)
    {
        if (_steps.Count > 0 && _steps[^1] == step)
        {
            RemoveLast();
            _thinned = number;
        }

        _steps.Add(step);
        _seconds.Add(seconds);
        _values.Add(value);
        _numbers.Add(number);
        if (_steps.Count > Most)
            Thin(number);
    }

    /// <summary>What came after a number.</summary>
    /// <param name="seen">The greatest number seen, 0 for none.</param>
    /// <returns>The points, and whether they are all, in place of those seen.</returns>
    public (MetricCurve Points, bool IsWhole) After(long seen)
    {
        bool whole = seen < _thinned;
        int from = whole ? 0 : _numbers.BinarySearch(seen + 1);
        from = from < 0 ? ~from : from;
        return (new MetricCurve(_steps[from..], _seconds[from..], _values[from..]), whole || from == 0);
    }

    private void Thin(long number)
    {
        MetricCurve thin = CurveThinning.Thin(new MetricCurve(_steps, _seconds, _values), Most / 2);
        double[][] kept = [[.. thin.Steps], [.. thin.Seconds], [.. thin.Values]];
        foreach ((List<double> all, double[] some) in new[] { _steps, _seconds, _values }.Zip(kept))
        {
            all.Clear();
            all.AddRange(some);
        }

        _numbers.Clear();
        _numbers.AddRange(Enumerable.Repeat(number, _steps.Count));
        _thinned = number;
    }

    private void RemoveLast()
    {
        foreach (List<double> all in new[] { _steps, _seconds, _values })
            all.RemoveAt(all.Count - 1);
        _numbers.RemoveAt(_numbers.Count - 1);
    }
}
