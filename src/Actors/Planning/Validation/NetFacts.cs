using CaffeActors.Compute.Schema;

namespace CaffeActors.Actors.Planning.Validation;

/// <summary>A net that was looked at.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Phase">The phase in which it was built.</param>
/// <param name="Layers">Its layers, inserted ones not counted.</param>
/// <param name="Parameters">Elements of its learnable blobs.</param>
/// <param name="LabelsSeen">Records whose labels were compared with its outputs; 0 where it has no data, or none that
/// are there.</param>
public sealed record NetFacts(string Name, Phase Phase, int Layers, long Parameters, int LabelsSeen);
