namespace CaffeActors.Data.Sources.Images;

/// <summary>A window of an image, with its label.</summary>
/// <param name="Image">Number of its image in the file.</param>
/// <param name="Label">Its class; 0 for background.</param>
/// <param name="X1">First column.</param>
/// <param name="Y1">First row.</param>
/// <param name="X2">Last column.</param>
/// <param name="Y2">Last row.</param>
/// <param name="Line">Where it stands in the file, 1-based.</param>
internal readonly record struct Window(int Image, int Label, int X1, int Y1, int X2, int Y2, int Line);
