using CaffeActors.Compute.Layers.Fusion;
using CaffeActors.Compute.Nets;

namespace CaffeActors.Benchmarks.Layers;

/// <summary>What a layer does of those that follow it in place: maps of channels, then a ReLU.</summary>
internal sealed class AbsorbedWork
{
    private readonly double[] _factors;
    private readonly double[] _summands;
    private readonly int _plane;

    /// <summary>Finds it.</summary>
    /// <param name="net">The net.</param>
    /// <param name="layer">A layer with a top whose axis 1 are channels.</param>
    public AbsorbedWork(Net net, NetLayer layer)
    {
        _factors = new double[layer.Top[0].Dim(1)];
        _summands = new double[_factors.Length];
        _plane = layer.Top[0].CountFrom(2);
        Array.Fill(_factors, 1);
        foreach (NetLayer other in net.Layers.Skip(layer.Rank + 1))
        {
            if (!other.Layer.IsForwardAbsorbed || other.Top.Length != 1 || other.Top[0] != layer.Top[0])
                continue;
            if (other.Layer is IFusibleRectifier)
                Rectifies = true;
            else
                ((IChannelMap)other.Layer).Compose(_factors, _summands);
        }
    }

    /// <summary>Whether negative numbers become 0, and have no gradient.</summary>
    public bool Rectifies { get; }

    /// <summary>What becomes of an output.</summary>
    /// <param name="place">Where it is in the top.</param>
    /// <param name="output">The layer's own sum.</param>
    public double Apply(int place, double output)
    {
        int channel = place / _plane % _factors.Length;
        double mapped = (_factors[channel] * output) + _summands[channel];
        return Rectifies ? Math.Max(0, mapped) : mapped;
    }
}
