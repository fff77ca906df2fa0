namespace CaffeActors.Data.Snapshots;

/// <summary>Where a random stream stands (CaffeActors.Compute.Random.RandomStream).</summary>
/// <param name="Name">Whose stream it is: a layer's name and purpose, as the run names them.</param>
/// <param name="Seed">The run's seed.</param>
/// <param name="Stream">The stream's number.</param>
/// <param name="Counter">Draws taken so far.</param>
public sealed record RandomStreamState(string Name, ulong Seed, ulong Stream, ulong Counter);
