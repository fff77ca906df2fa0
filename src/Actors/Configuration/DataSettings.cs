namespace CaffeActors.Actors.Configuration;

/// <summary>Keys <c>data</c>.</summary>
/// <param name="Root">Where databases of embedded images are kept, or empty.</param>
/// <param name="Sets">The data sets in order of preference.</param>
/// <param name="Threads">Threads on which each data layer decodes and transforms; 0: its choice.</param>
public sealed record DataSettings(string Root, IReadOnlyList<DataSetSettings> Sets, int Threads);
