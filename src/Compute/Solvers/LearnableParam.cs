using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Solvers;

/// <summary>A blob that a solver updates.</summary>
/// <param name="Blob">Values and gradient.</param>
/// <param name="LrMult">Factor of the learning rate; 0 freezes the blob.</param>
/// <param name="DecayMult">Factor of the weight decay.</param>
/// <param name="Name">For messages: layer and parameter.</param>
public sealed record LearnableParam(Blob Blob, float LrMult, float DecayMult, string Name);
