namespace CaffeActors.Actors.Configuration;

/// <summary>Keys <c>metrics</c>.</summary>
/// <param name="SystemEvery">Iterations between system metrics.</param>
/// <param name="FlushInterval">How old a row may grow.</param>
public sealed record MetricsSettings(int SystemEvery, TimeSpan FlushInterval);
