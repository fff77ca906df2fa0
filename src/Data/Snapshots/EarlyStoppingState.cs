namespace CaffeActors.Data.Snapshots;

/// <summary>How a run stands that ends when a metric gets no better.</summary>
/// <param name="Best">The best value so far; null before the first.</param>
/// <param name="Since">Measurements since.</param>
public sealed record EarlyStoppingState(double? Best, int Since);
