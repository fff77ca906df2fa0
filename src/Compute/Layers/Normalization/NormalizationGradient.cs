using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Layers.Common;

namespace CaffeActors.Compute.Layers.Normalization;

/// <summary>
/// dx = (x - mean) * slope + (dy + offset) * inverse, the four of them one value for each channel: the gradient of a
/// normalization. The offset, - avg(dy), is added before the multiplication: where a channel has one element the two
/// cancel exactly, however large the inverse is.
/// </summary>
/// <param name="layout">How the channels lie.</param>
/// <param name="x">Elements.</param>
/// <param name="dy">Gradients of what was made of them.</param>
/// <param name="dx">Takes their gradients; may be <paramref name="dy"/>.</param>
/// <param name="mean">What is taken from x.</param>
/// <param name="inverse">Factor of dy + offset.</param>
/// <param name="slope">Factor of x - mean.</param>
/// <param name="offset">What is added to dy.</param>
internal readonly unsafe struct NormalizationGradient(
    ChannelLayout layout, float* x, float* dy, float* dx, float* mean, float* inverse, float* slope, float* offset)
    : IRangeBody
{
    /// <summary>Does the elements [<paramref name="from"/>, <paramref name="to"/>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to)
    {
        for (int i = from; i < to;)
        {
            int plane = i / layout.Inner, channel = plane % layout.Channels;
            int end = (int)Math.Min((plane + 1L) * layout.Inner, to);
            if (layout.Inner == 1)
            {
                end = Math.Min(i + layout.Channels - channel, to);
                for (; i + Lanes.Count <= end; i += Lanes.Count, channel += Lanes.Count)
                {
                    Combine(i, Vector512.Load(mean + channel), Vector512.Load(inverse + channel),
                        Vector512.Load(slope + channel), Vector512.Load(offset + channel)).Store(dx + i);
                }

                for (; i < end; i++, channel++)
                    dx[i] = Combine(i, channel);
            }
            else
            {
                Vector512<float> m = Vector512.Create(mean[channel]), r = Vector512.Create(inverse[channel]);
                Vector512<float> s = Vector512.Create(slope[channel]), o = Vector512.Create(offset[channel]);
                for (; i + Lanes.Count <= end; i += Lanes.Count)
                    Combine(i, m, r, s, o).Store(dx + i);
                for (; i < end; i++)
                    dx[i] = Combine(i, channel);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<float> Combine(
        int i, Vector512<float> m, Vector512<float> r, Vector512<float> s, Vector512<float> o) =>
        Vector512.FusedMultiplyAdd(Vector512.Load(x + i) - m, s, (Vector512.Load(dy + i) + o) * r);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float Combine(int i, int channel) => MathF.FusedMultiplyAdd(
        x[i] - mean[channel], slope[channel], (dy[i] + offset[channel]) * inverse[channel]);
}
