namespace CaffeActors.Architecture.Tests;

/// <summary>A file of source.</summary>
/// <param name="Path">Relative to the root, with forward slashes.</param>
/// <param name="Lines">Its lines.</param>
internal sealed record SourceFile(string Path, string[] Lines);
