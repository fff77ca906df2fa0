namespace CaffeActors.Compute.Layers.Fusion;

/// <summary>A layer that rectifies each element, and so can be computed by the layer that writes what it
/// reads.</summary>
internal interface IFusibleRectifier
{
    /// <summary>The slope below 0, at least 0 itself: its output is then enough for its gradient. Null where the layer
    /// must compute itself, as it keeps its argument or its output.</summary>
    float? FusibleSlope { get; }
}
