namespace CaffeActors.Actors.Configuration;

/// <summary>A metric of the tests, and which of its values are better.</summary>
/// <param name="Metric">Split and name, as <c>test0/accuracy</c>.</param>
/// <param name="Mode">Which are better.</param>
public sealed record MetricGoal(string Metric, MetricMode Mode)
{
    /// <summary>Whether a value is better than another; NaN never is.</summary>
    public bool IsBetter(double value, double than) => Mode == MetricMode.Max ? value > than : value < than;
}
