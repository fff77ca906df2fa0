using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Compute.Prototxt;

/// <summary>Something in a text that could not be read.</summary>
/// <param name="Failure">What it is, with its place.</param>
/// <param name="Within">Where the message of the text's root that it lies in begins: of a net, the layer. Null for what
/// lies in none.</param>
public readonly record struct TextProblem(CaffeException Failure, SourcePlace? Within);
