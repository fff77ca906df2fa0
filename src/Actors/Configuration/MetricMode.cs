namespace CaffeActors.Actors.Configuration;

/// <summary>Which values of a metric are good.</summary>
public enum MetricMode
{
    /// <summary>High ones, as of an accuracy.</summary>
    Max,

    /// <summary>Low ones, as of a loss.</summary>
    Min,
}
