namespace CaffeActors.Live.History;

/// <summary>A layer's newest times.</summary>
/// <param name="Layer">Its name.</param>
/// <param name="Forward">Mean milliseconds of a forward pass.</param>
/// <param name="Backward">Mean milliseconds of a backward pass; 0 where it has none.</param>
internal sealed record LiveLayer(string Layer, double Forward, double Backward);
