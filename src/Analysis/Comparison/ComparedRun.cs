namespace CaffeActors.Analysis.Comparison;

/// <summary>How a metric went in one run.</summary>
/// <param name="RunId">The run's id.</param>
/// <param name="RunName">The run's name.</param>
/// <param name="Values">How many values count, one a step; 0 where the run has not got the metric, and then all others
/// are 0.</param>
/// <param name="First">The first value.</param>
/// <param name="Last">The last value.</param>
/// <param name="LastStep">Its step.</param>
/// <param name="Least">The least value that is a number.</param>
/// <param name="LeastStep">Its step.</param>
/// <param name="Greatest">The greatest value that is a number.</param>
/// <param name="GreatestStep">Its step.</param>
public sealed record ComparedRun(
    string RunId, string RunName, long Values, double First, double Last, long LastStep, double Least, long LeastStep,
    double Greatest, long GreatestStep);
