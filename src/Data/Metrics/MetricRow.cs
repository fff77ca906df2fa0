namespace CaffeActors.Data.Metrics;

/// <summary>One measured value: a row of a run's metric files (docs/metrics.md). Equality is by value.</summary>
/// <param name="Step">Iterations done when it was measured, from 0.</param>
/// <param name="Epoch">Passes over the training data, or null where that is not known.</param>
/// <param name="Split">Where it comes from: train, test0, test1, ..., system, layer.</param>
/// <param name="Name">loss, accuracy, lr, an output's name, images_per_second, rss_bytes, forward_ms/conv1, ...</param>
/// <param name="Value">The value; NaN and infinities are kept.</param>
/// <param name="WallTime">When it was measured: UTC, whole microseconds.</param>
/// <param name="Rank">The worker it was measured on; 0 is the root.</param>
/// <param name="Segment">0 for the run's first start, one more at each resume.</param>
public readonly record struct MetricRow(
    long Step, double? Epoch, string Split, string Name, double Value, DateTimeOffset WallTime, int Rank, int Segment);
