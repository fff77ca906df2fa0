using CaffeActors.Actors.Configuration;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Actors.Training;

/// <summary>
/// Which of a run's snapshots is the best by a metric. A test tells of the snapshot of its own iteration, whichever of
/// the two comes first; a snapshot of an iteration without a test has no value. Of equal ones the older stays.
/// </summary>
/// <param name="goal">The metric, and which of its values are better.</param>
/// <param name="best">The best one before; null for none.</param>
internal sealed class SnapshotRanking(MetricGoal goal, BestSnapshot? best)
{
    private BestSnapshot? _before = best;
    private (int Iteration, double Value)? _measured;
    private int _snapshot = -1;

    /// <summary>The metric.</summary>
    public string Metric => goal.Metric;

    /// <summary>The best one so far; null before the first.</summary>
    public BestSnapshot? Best { get; private set; } = best;

    /// <summary>A test has measured the metric.</summary>
    /// <param name="iteration">Updates done.</param>
    /// <param name="value">The metric.</param>
    public void Measure(int iteration, double value)
    {
        _measured = (iteration, value);
        Compare();
    }

    /// <summary>There is a snapshot, or will be once it is written.</summary>
    public void Add(int iteration)
    {
        _snapshot = iteration;
        Compare();
    }

    /// <summary>The snapshot that was added last could not be written.</summary>
    public void Withdraw(int iteration)
    {
        if (_snapshot == iteration)
            _snapshot = -1;
        if (Best?.Iteration == iteration)
            Best = _before;
    }

    private void Compare()
    {
        if (_measured is not { } now || now.Iteration != _snapshot || Best?.Iteration == now.Iteration
            || double.IsNaN(now.Value) || (Best is { } known && !goal.IsBetter(now.Value, known.Value)))
        {
            return;
        }

        (_before, Best) = (Best, new BestSnapshot(goal.Metric, now.Iteration, now.Value));
    }
}
