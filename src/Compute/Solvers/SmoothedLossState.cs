namespace CaffeActors.Compute.Solvers;

/// <summary>The state of a <see cref="SmoothedLoss"/>.</summary>
/// <param name="Losses">The losses in the window, oldest first.</param>
/// <param name="Value">The average as it was told last.</param>
public sealed record SmoothedLossState(IReadOnlyList<float> Losses, float Value);
