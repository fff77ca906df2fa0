using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Configuration;

/// <summary>A line of <c>acceptance</c>: what a metric of the tests must reach when a run ends.</summary>
/// <param name="Metric">Split and name, as <c>test0/accuracy</c>.</param>
/// <param name="Mode">Max where the value must be at least the limit, min where at most.</param>
/// <param name="Limit">The limit, which itself is good enough.</param>
/// <param name="Place">Where it is written.</param>
public sealed record AcceptanceThreshold(string Metric, MetricMode Mode, double Limit, SourcePlace Place)
{
    /// <summary>Whether a value is good enough; NaN never is.</summary>
    public bool IsMetBy(double value) => Mode == MetricMode.Max ? value >= Limit : value <= Limit;

    /// <summary>As it is written: <c>test0/accuracy >= 0.88</c>.</summary>
    public override string ToString() =>
        $"{Metric} {(Mode == MetricMode.Max ? ">=" : "<=")} {LogNumber.Format(Limit)}";
}
