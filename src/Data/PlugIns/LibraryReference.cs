using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Data.PlugIns;

/// <summary>A class library of layers as a user named it.</summary>
/// <param name="Name">Its path, or its name, with or without <c>.dll</c>.</param>
/// <param name="Place">Where it is named; null for a command line.</param>
public sealed record LibraryReference(string Name, SourcePlace? Place = null);
