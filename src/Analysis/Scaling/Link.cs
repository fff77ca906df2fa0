namespace CaffeActors.Analysis.Scaling;

/// <summary>One direction of a node's link, or its adding: busy with one thing at a time, in the order in which they
/// are asked for.</summary>
internal struct Link
{
    private double _free;

    /// <summary>Keeps it busy.</summary>
    /// <param name="from">When it could begin.</param>
    /// <param name="seconds">For how long.</param>
    /// <returns>When it begins.</returns>
    public double Take(double from, double seconds)
    {
        double begin = Math.Max(from, _free);
        _free = begin + seconds;
        return begin;
    }
}
