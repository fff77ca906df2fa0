namespace CaffeActors.Actors.Configuration;

/// <summary>Which values of a metric are better.</summary>
public enum MetricMode
{
    /// <summary>Greater ones, as of an accuracy.</summary>
    Max,

    /// <summary>Smaller ones, as of a loss.</summary>
    Min,
}
