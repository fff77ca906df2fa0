using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Activation;

/// <summary>
/// A neuron layer whose gradient is computed from x: where it works in place, and y overwrites x, it keeps a copy.
/// </summary>
/// <param name="parameter">The layer's message.</param>
public abstract class InputNeuronLayer(LayerParameter parameter) : NeuronLayer(parameter)
{
    private readonly Blob _kept = new();

    /// <summary>Whether the gradient needs x, with these parameters. Default true.</summary>
    protected virtual bool NeedsInput => true;

    /// <inheritdoc/>
    public override bool CopiesInPlace => NeedsInput;

    /// <summary>Keeps x where y is about to overwrite it; the first thing a forward pass does.</summary>
    protected void KeepInput(Blob[] bottom, Blob[] top)
    {
        if (NeedsInput && IsInPlace && KeepsForGradient)
            Keep(bottom[0], _kept);
    }

    /// <summary>Holds, as its data, the x of the last forward pass; in place, where y serves as well, its y.</summary>
    protected Blob InputOf(Blob[] bottom, Blob[] top) =>
        !IsInPlace ? bottom[0] : NeedsInput ? _kept : OutputOf(top);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _kept.Dispose();
    }
}
