namespace CaffeActors.Data.Runs;

/// <summary>A run as found under an output root.</summary>
/// <param name="Path">Its folder.</param>
/// <param name="Manifest">Its manifest as of now.</param>
public sealed record RunRecord(string Path, RunManifest Manifest);
