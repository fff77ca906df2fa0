namespace CaffeActors.Compute.Layers.Loss;

/// <summary>A loss that a position (an item, a pixel) cannot make larger than a certain value: one that stays near it
/// tells of a net that is sure of what is wrong.</summary>
public interface ISaturatingLoss
{
    /// <summary>The greatest value the loss can take; null where it is no mean over positions.</summary>
    float? Greatest { get; }
}
