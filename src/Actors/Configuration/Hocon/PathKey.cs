using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>One element of a path as it was written.</summary>
internal readonly record struct PathKey(string Name, SourcePlace Place);
