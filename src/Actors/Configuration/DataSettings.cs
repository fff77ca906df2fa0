namespace CaffeActors.Actors.Configuration;

/// <summary>Keys <c>data</c>.</summary>
/// <param name="Root">Where databases of embedded images are kept, or empty.</param>
/// <param name="Sets">The data sets in order of preference.</param>
public sealed record DataSettings(string Root, IReadOnlyList<DataSetSettings> Sets);
