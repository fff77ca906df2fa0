using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Configuration;

/// <summary>One data set.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Requires">Paths that must exist; null where it is always there.</param>
/// <param name="Embedded">Name of embedded images, or empty.</param>
/// <param name="Overrides">What it sets.</param>
/// <param name="Place">Where it is written.</param>
public sealed record DataSetSettings(
    string Name, IReadOnlyList<string>? Requires, string Embedded, OverrideSettings Overrides, SourcePlace Place);
