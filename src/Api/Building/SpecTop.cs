namespace CaffeActors.Api.Building;

/// <summary>A blob that a layer of a <see cref="NetSpec"/> makes, to be given to others as their bottom.</summary>
public sealed class SpecTop
{
    internal SpecTop(SpecLayer layer, int index)
    {
        Layer = layer;
        Index = index;
    }

    /// <summary>The layer that makes it.</summary>
    public SpecLayer Layer { get; }

    /// <summary>Which of the layer's tops it is, from 0.</summary>
    public int Index { get; }
}
