namespace CaffeActors.Actors.Configuration;

/// <summary>Keys <c>train.on-divergence</c>.</summary>
/// <param name="Action">What a run does when its numbers are no longer finite. Default stop.</param>
/// <param name="Factor">What a rollback multiplies the learning rate by, above 0 and below 1.</param>
/// <param name="Limit">Rollbacks of a run in all, at least 1.</param>
public sealed record DivergenceSettings(
    DivergenceAction Action = DivergenceAction.Stop, double Factor = 0.1, int Limit = 3);
