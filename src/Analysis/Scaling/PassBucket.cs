namespace CaffeActors.Analysis.Scaling;

/// <summary>Gradients that travel together.</summary>
/// <param name="Ready">Seconds from the pass's beginning until they are complete.</param>
/// <param name="Bytes">Their size.</param>
public sealed record PassBucket(double Ready, double Bytes);
