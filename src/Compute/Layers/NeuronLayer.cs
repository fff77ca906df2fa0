using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers;

/// <summary>A layer that works on each element by itself: one bottom, one top of the same shape.</summary>
/// <param name="parameter">The layer's message.</param>
public abstract class NeuronLayer(LayerParameter parameter) : Layer(parameter)
{
    private Blob? _output;

    /// <inheritdoc/>
    public override int ExactBottoms => 1;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <summary>Whether the gradient is computed from y. Default false.</summary>
    protected virtual bool NeedsOutput => false;

    /// <summary>Whether a copy of y is kept, as a later layer overwrites it.</summary>
    private protected bool KeepsOutput => _output is not null;

    /// <summary>Whether the top is the bottom. Valid after the first <see cref="Reshape"/>.</summary>
    protected bool IsInPlace { get; private set; }

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        IsInPlace = ReferenceEquals(bottom[0], top[0]);
        top[0].ReshapeLike(bottom[0]);
    }

    /// <summary>
    /// Tells the layer that a later one overwrites its top in place: where its gradient is computed from y, it keeps a
    /// copy from now on. Called after the set-up.
    /// </summary>
    /// <param name="by">The later layer.</param>
    public virtual void TopIsOverwritten(Layer by)
    {
        if (NeedsOutput)
            _output ??= new Blob();
    }

    /// <summary>Keeps y where it will be overwritten; the last thing a forward pass does.</summary>
    protected void KeepOutput(Blob[] top)
    {
        if (_output is not null)
            Keep(top[0], _output);
    }

    /// <summary>Copies a blob's data, where the layer computes.</summary>
    /// <param name="source">The blob.</param>
    /// <param name="copy">Takes its data and its shape.</param>
    private protected void Keep(Blob source, Blob copy)
    {
        if (Gpu is { } gpu)
            copy.CopyGpuDataFrom(gpu, source);
        else
            copy.CopyDataFrom(source);
    }

    /// <summary>Holds, as its data, the y of the last forward pass.</summary>
    protected Blob OutputOf(Blob[] top) => _output ?? top[0];

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _output?.Dispose();
    }
}
