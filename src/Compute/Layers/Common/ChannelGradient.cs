using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>Gradients of a value for each channel: of a factor (sum of dy x) and of a summand (sum of dy).</summary>
internal sealed unsafe class ChannelGradient
{
    private double[] _summands = [];
    private double[] _factors = [];

    /// <summary>Writes the gradients into the diffs.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="layout">How the channels lie.</param>
    /// <param name="dy">Gradients of the elements.</param>
    /// <param name="x">What the factor multiplies; null where its gradient is not wanted.</param>
    /// <param name="factor">The factor; null where its gradient is not wanted.</param>
    /// <param name="summand">The summand; null where its gradient is not wanted.</param>
    /// <param name="addFactor">Whether the factor's gradient is added to what is there, or overwrites it.</param>
    /// <param name="addSummand">The same for the summand's.</param>
    public void Add(
        CpuDevice device, ChannelLayout layout, float* dy, float* x, Blob? factor, Blob? summand,
        bool addFactor, bool addSummand)
    {
        if (layout.PerChannel == 1)
        {
            float* factors = factor is null ? null : factor.MutableCpuDiff;
            float* summands = summand is null ? null : summand.MutableCpuDiff;
            Elementwise.Run(device, layout.Channels, new EachElement(dy, x, factors, summands, addFactor, addSummand));
            return;
        }

        if (_summands.Length != layout.Channels)
            (_summands, _factors) = (new double[layout.Channels], new double[layout.Channels]);
        if (layout.Count == 0)
        {
            Array.Clear(_summands);
            Array.Clear(_factors);
        }
        else if (factor is null)
        {
            ChannelSums.Run<PlainSum>(device, layout, dy, null, null, _summands, _factors);
        }
        else
        {
            ChannelSums.Run<Products>(device, layout, dy, x, null, _summands, _factors);
        }

        if (factor is not null)
            Write(_factors, factor.MutableDiff, addFactor);
        if (summand is not null)
            Write(_summands, summand.MutableDiff, addSummand);
    }

    private static void Write(double[] sums, Span<float> diff, bool add)
    {
        for (int channel = 0; channel < sums.Length; channel++)
            diff[channel] = (add ? diff[channel] : 0) + (float)sums[channel];
    }

    // A value for each element: nothing to add up.
    private readonly struct EachElement(
        float* dy, float* x, float* factors, float* summands, bool addFactors, bool addSummands) : IRangeBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            for (int i = from; i < to; i += Lanes.Count)
            {
                Vector512<float> gradient = Vector512.Load(dy + i);
                if (factors is not null)
                    Put(factors + i, gradient * Vector512.Load(x + i), addFactors, to - i);
                if (summands is not null)
                    Put(summands + i, gradient, addSummands, to - i);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Put(float* target, Vector512<float> value, bool add, int count) =>
            Lanes.Store(add ? value + Vector512.Load(target) : value, target, count);
    }
}
