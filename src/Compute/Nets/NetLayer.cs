using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets.Memory;

namespace CaffeActors.Compute.Nets;

/// <summary>A layer in its place in a net: what it reads, writes and owes to whom.</summary>
public sealed class NetLayer
{
    internal NetLayer(int rank, Layer layer, Blob[] bottom, string[] bottomNames, LayerLink[] producers)
    {
        Rank = rank;
        Layer = layer;
        Bottom = bottom;
        BottomNames = bottomNames;
        Producers = producers;
    }

    /// <summary>Position in the net, from 0. Forward runs in rising, backward in falling rank.</summary>
    public int Rank { get; }

    /// <summary>The layer.</summary>
    public Layer Layer { get; }

    /// <summary>The layer's name.</summary>
    public string Name => Layer.Name;

    /// <summary>What it reads.</summary>
    public Blob[] Bottom { get; }

    /// <summary>Names of the bottoms.</summary>
    public IReadOnlyList<string> BottomNames { get; }

    /// <summary>What it writes.</summary>
    public Blob[] Top { get; internal set; } = [];

    /// <summary>Names of the tops.</summary>
    public IReadOnlyList<string> TopNames { get; internal set; } = [];

    /// <summary>For each bottom, the layer and top it comes from.</summary>
    public IReadOnlyList<LayerLink> Producers { get; }

    /// <summary>Whether the layer runs backward.</summary>
    public bool NeedBackward { get; internal set; }

    /// <summary>For each bottom, whether its gradient is computed.</summary>
    public bool[] BottomNeedBackward { get; internal set; } = [];

    /// <summary>For each learnable blob, its index in <see cref="Net.LearnableParams"/>.</summary>
    public IReadOnlyList<int> LearnableParamIds { get; internal set; } = [];

    /// <summary>For each learnable blob, whether this layer owns it (as against sharing another's).</summary>
    public IReadOnlyList<bool> OwnsParam { get; internal set; } = [];

    /// <summary>Where it computes: <c>gpu:N</c> or <c>cpu</c>.</summary>
    public string Place => Layer.Gpu is { } gpu ? $"gpu:{gpu.Number}" : "cpu";

    /// <summary>Where blobs around it are kept in 16 bits between passes on the CPU; null where none is.</summary>
    internal RestingBlobs? Resting { get; set; }

    /// <summary>Its top, where that is not kept for the backward pass; else null.</summary>
    internal Recomputation? Forgets { get; set; }

    /// <summary>What must be computed again before it runs backward.</summary>
    internal Recomputation[] Recomputes { get; set; } = [];

    /// <summary>Runs the layer forward.</summary>
    /// <returns>Its part of the loss.</returns>
    public float Forward()
    {
        try
        {
            Resting?.BeforeForward();
            float loss = Layer.Forward(Bottom, Top);
            Resting?.Close();
            Forgets?.Forget();
            return loss;
        }
        catch (Exception fault) when (PlugInFault.Of(Layer, fault) is { } failure)
        {
            throw failure;
        }
    }

    /// <summary>Runs the layer backward.</summary>
    public void Backward()
    {
        try
        {
            foreach (Recomputation top in Recomputes)
                top.BringBack();
            Resting?.BeforeBackward(BottomNeedBackward);
            Layer.Backward(Top, BottomNeedBackward, Bottom);
            Resting?.Close();
        }
        catch (Exception fault) when (PlugInFault.Of(Layer, fault) is { } failure)
        {
            throw failure;
        }
    }
}
