namespace CaffeActors.Api;

/// <summary>A window of an image, in pixels.</summary>
/// <param name="Top">First row.</param>
/// <param name="Left">First column.</param>
/// <param name="Bottom">The row after the last one.</param>
/// <param name="Right">The column after the last one.</param>
public readonly record struct DetectionWindow(int Top, int Left, int Bottom, int Right);
