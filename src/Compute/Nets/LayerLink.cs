namespace CaffeActors.Compute.Nets;

/// <summary>One end of a connection: a top or bottom of a layer.</summary>
/// <param name="Rank">The layer's position in the net.</param>
/// <param name="Index">The top's or bottom's number.</param>
public readonly record struct LayerLink(int Rank, int Index);
