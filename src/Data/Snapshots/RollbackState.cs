namespace CaffeActors.Data.Snapshots;

/// <summary>That a run went back to an older snapshot when its numbers were no longer finite.</summary>
/// <param name="Count">How often it did.</param>
/// <param name="RateFactor">What its learning rates are multiplied by since.</param>
public sealed record RollbackState(int Count, float RateFactor);
