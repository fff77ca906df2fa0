namespace CaffeActors.Compute.Layers;

/// <summary>A layer through which no gradient goes where its output is 0, as a rectifier: one whose output is all zero,
/// batch after batch, is dead, and what is before it learns nothing.</summary>
public interface ICanDie
{
    /// <summary>Whether the layer, as it is set, lets no gradient through where its output is 0.</summary>
    bool CanDie { get; }
}
