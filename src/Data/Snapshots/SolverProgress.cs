using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Data.Snapshots;

/// <summary>A solver as a snapshot keeps it. Blobs are read while the snapshot is written: they must not
/// change.</summary>
/// <param name="Iteration">Iterations done.</param>
/// <param name="CurrentStep">Steps of the learning-rate policy taken (step, multistep), else 0.</param>
/// <param name="History">The update rule's memory, in the order of the rule: one or two blobs a parameter.</param>
/// <param name="Plateau">What the learning-rate policy plateau keeps; null for other policies.</param>
public sealed record SolverProgress(
    int Iteration, int CurrentStep, IReadOnlyList<Blob> History, PlateauState? Plateau = null)
{
    /// <summary>A solver's present state.</summary>
    /// <param name="iteration">Iterations done.</param>
    /// <param name="optimizer">Its optimizer; its blobs are referred to.</param>
    public static SolverProgress Of(int iteration, Optimizer optimizer) =>
        new(iteration, optimizer.CurrentStep, optimizer.History, optimizer.Plateau);
}
