namespace CaffeActors.Data.Logs;

/// <summary>The outputs of a net at one iteration.</summary>
/// <param name="Iteration">The iteration.</param>
/// <param name="Seconds">Seconds since the line that says Solving.</param>
/// <param name="LearningRate">The rate last seen before; NaN where none was.</param>
/// <param name="Outputs">The values by output name, in the order seen.</param>
public sealed record LogRow(
    double Iteration, double Seconds, double LearningRate, IReadOnlyList<KeyValuePair<string, double>> Outputs);
