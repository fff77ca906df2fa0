namespace CaffeActors.Actors.Configuration;

/// <summary>Keys <c>train.early-stopping</c>.</summary>
/// <param name="Metric">Split and name of a metric, as <c>test0/accuracy</c>.</param>
/// <param name="Mode">Which of its values are good. Default max.</param>
/// <param name="Patience">Measurements in a row without a better one that end the run, at least 1. Default 5.</param>
/// <param name="MinDelta">By how much a value must be better than the best, at least 0. Default 0.</param>
public sealed record EarlyStoppingSettings(
    string Metric, MetricMode Mode = MetricMode.Max, int Patience = 5, double MinDelta = 0)
{
    /// <summary>The metric's split, before the first slash.</summary>
    public string Split => Metric.Split('/')[0];

    /// <summary>The metric's name, all after it.</summary>
    public string Name => Metric[Math.Min(Metric.Length, Split.Length + 1)..];
}
