using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// y = (x - center) * scale + bias, the last three one value for each channel: the forward pass of Scale, Bias and
/// BatchNorm and the gradient of Scale.
/// </summary>
/// <param name="layout">How the channels lie.</param>
/// <param name="x">Elements.</param>
/// <param name="y">Results; may be <paramref name="x"/>.</param>
/// <param name="copy">Takes x before y overwrites it; null where nobody wants it.</param>
/// <param name="center">Null for 0.</param>
/// <param name="scale">Null for 1.</param>
/// <param name="bias">Null for 0.</param>
/// <param name="slope">Where the results are to be rectified, the slope below 0; else null.</param>
internal readonly unsafe struct ChannelAffine(
    ChannelLayout layout, float* x, float* y, float* copy, float* center, float* scale, float* bias,
    float? slope = null) : IRangeBody
{
    /// <summary>Does the elements [<paramref name="from"/>, <paramref name="to"/>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to)
    {
        if (layout.Inner == 1)
        {
            for (int i = from; i < to;)
            {
                int channel = i % layout.Channels, count = Math.Min(layout.Channels - channel, to - i);
                EachItsOwn(i, count, channel);
                Rectify(i, count);
                i += count;
            }
        }
        else
        {
            for (int i = from; i < to;)
            {
                int plane = i / layout.Inner;
                int count = (int)Math.Min(((plane + 1L) * layout.Inner) - i, to - i);
                AllTheSame(i, count, plane % layout.Channels);
                Rectify(i, count);
                i += count;
            }
        }
    }

    // A run lies in the inner caches still.
    private void Rectify(int start, int count)
    {
        if (slope is { } below)
            Rectifier.Apply(y + start, 0, 1, count, below);
    }

    private void AllTheSame(int start, int count, int channel)
    {
        float c = At(center, channel, 0), s = At(scale, channel, 1), b = At(bias, channel, 0);
        Vector512<float> cs = Vector512.Create(c), ss = Vector512.Create(s), bs = Vector512.Create(b);
        int i = start, end = start + count;
        for (; i + Lanes.Count <= end; i += Lanes.Count)
        {
            Vector512<float> value = Vector512.Load(x + i);
            if (copy is not null)
                value.Store(copy + i);
            Vector512.FusedMultiplyAdd(value - cs, ss, bs).Store(y + i);
        }

        for (; i < end; i++)
        {
            float value = x[i];
            if (copy is not null)
                copy[i] = value;
            y[i] = MathF.FusedMultiplyAdd(value - c, s, b);
        }
    }

    private void EachItsOwn(int start, int count, int channel)
    {
        int i = 0;
        for (; i + Lanes.Count <= count; i += Lanes.Count)
        {
            Vector512<float> value = Vector512.Load(x + start + i);
            if (copy is not null)
                value.Store(copy + start + i);
            Vector512<float> c = LoadAt(center, channel + i, 0), s = LoadAt(scale, channel + i, 1);
            Vector512.FusedMultiplyAdd(value - c, s, LoadAt(bias, channel + i, 0)).Store(y + start + i);
        }

        for (; i < count; i++)
        {
            float value = x[start + i];
            if (copy is not null)
                copy[start + i] = value;
            float c = At(center, channel + i, 0), s = At(scale, channel + i, 1);
            y[start + i] = MathF.FusedMultiplyAdd(value - c, s, At(bias, channel + i, 0));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float At(float* values, int channel, float standard) => values is null ? standard : values[channel];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> LoadAt(float* values, int channel, float standard) =>
        values is null ? Vector512.Create(standard) : Vector512.Load(values + channel);
}
