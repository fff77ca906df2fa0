namespace CaffeActors.Actors.Configuration;

/// <summary>Keys <c>train.early-stopping</c>.</summary>
/// <param name="Goal">Which metric, and which of its values are better.</param>
/// <param name="Patience">Measurements in a row without a better one that end the run, at least 1. Default 5.</param>
/// <param name="MinDelta">By how much a value must be better than the best, at least 0. Default 0.</param>
public sealed record EarlyStoppingSettings(MetricGoal Goal, int Patience = 5, double MinDelta = 0)
{
    /// <summary>The metric's split, before the first slash.</summary>
    public string Split => Goal.Metric.Split('/')[0];

    /// <summary>The metric's name, all after it.</summary>
    public string Name => Goal.Metric[Math.Min(Goal.Metric.Length, Split.Length + 1)..];
}
