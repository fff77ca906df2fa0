namespace CaffeActors.Data.Logs;

/// <summary>A training run, as its log tells.</summary>
/// <param name="NetName">The net's name.</param>
/// <param name="Finished">Whether the log says that the optimization is done.</param>
/// <param name="LastIteration">The last iteration it names.</param>
/// <param name="Segments">Its starts, oldest first: a log may go on over several.</param>
public sealed record LoggedRun(
    string NetName, bool Finished, long LastIteration, IReadOnlyList<LoggedSegment> Segments);
