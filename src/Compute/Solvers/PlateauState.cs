namespace CaffeActors.Compute.Solvers;

/// <summary>What the learning-rate policy <c>plateau</c> goes on from.</summary>
/// <param name="MinimumLoss">The least loss so far, <c>minimum_loss</c> of a solver state; 1e38 before the
/// first.</param>
/// <param name="LastEvent">The iteration of that loss or of the last step, <c>iter_last_event</c>.</param>
public readonly record struct PlateauState(float MinimumLoss, int LastEvent);
