namespace CaffeActors.Actors.Metrics;

/// <summary>Something that happened in a run, for people.</summary>
/// <param name="Time">When, UTC.</param>
/// <param name="Iteration">Updates done by then.</param>
/// <param name="Kind">What it was.</param>
/// <param name="Text">One line.</param>
public sealed record RunEvent(DateTimeOffset Time, int Iteration, RunEventKind Kind, string Text);
