namespace CaffeActors.Data.Nets.Drawing;

/// <summary>An arrow of a picture.</summary>
/// <param name="From">The box whose blob is read.</param>
/// <param name="To">The box that reads it, a later one.</param>
/// <param name="Blob">The blob's name.</param>
/// <param name="Shape">Its shape, such as <c>64×20×24×24</c>; empty where it is not known.</param>
public sealed record PictureArrow(int From, int To, string Blob, string Shape);
