using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers;

/// <summary>A layer that works on each element by itself: one bottom, one top of the same shape.</summary>
/// <param name="parameter">The layer's message.</param>
public abstract class NeuronLayer(LayerParameter parameter) : Layer(parameter)
{
    /// <inheritdoc/>
    public override int ExactBottoms => 1;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top) => top[0].ReshapeLike(bottom[0]);
}
