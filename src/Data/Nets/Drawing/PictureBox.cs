namespace CaffeActors.Data.Nets.Drawing;

/// <summary>A box of a picture: a layer, and those that work in place on what it makes.</summary>
/// <param name="Layers">The layers, at least one.</param>
public sealed record PictureBox(IReadOnlyList<PictureLayer> Layers);
