using CaffeActors.Actors.Training;

namespace CaffeActors.Actors.Configuration;

/// <summary>Keys <c>train</c>.</summary>
/// <param name="Solver">The solver file.</param>
/// <param name="Net">The net file instead of the solver's, or empty.</param>
/// <param name="Weights">Weight files.</param>
/// <param name="Resume">Which run to go on with.</param>
/// <param name="MaxIter">Updates in all, or null.</param>
/// <param name="Seed">The seed, or null.</param>
/// <param name="TimeBudget">The limit, or null.</param>
/// <param name="Stages">Stages of the train net's state.</param>
/// <param name="Level">Its level.</param>
/// <param name="OnDivergence">What to do when numbers are no longer finite.</param>
/// <param name="EarlyStopping">Which metric ends the run, or null.</param>
public sealed record TrainSettings(
    string Solver, string Net, IReadOnlyList<string> Weights, ResumeMode Resume, int? MaxIter, ulong? Seed,
    TimeSpan? TimeBudget, IReadOnlyList<string> Stages, int Level, DivergenceSettings OnDivergence,
    EarlyStoppingSettings? EarlyStopping);
