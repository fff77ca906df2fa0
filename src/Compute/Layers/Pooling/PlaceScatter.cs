using System.Runtime.CompilerServices;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Pooling;

/// <summary>
/// Gives each window's gradient to the place that the forward pass took; a window without a place keeps it to
/// itself. A row is one plane.
/// </summary>
/// <param name="planeSize">Elements of a plane.</param>
/// <param name="pooledSize">Windows of a plane.</param>
/// <param name="dy">Gradients of the windows.</param>
/// <param name="places">The places taken.</param>
/// <param name="dx">Gradients of the planes, overwritten.</param>
internal readonly unsafe struct PlaceScatter(int planeSize, int pooledSize, float* dy, int* places, float* dx)
    : IRowBody
{
    /// <summary>Does some planes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to, int worker)
    {
        for (int plane = from; plane < to; plane++)
        {
            float* target = dx + ((long)plane * planeSize);
            float* source = dy + ((long)plane * pooledSize);
            int* at = places + ((long)plane * pooledSize);
            new Span<float>(target, planeSize).Clear();
            for (int i = 0; i < pooledSize; i++)
            {
                if ((uint)at[i] < (uint)planeSize)
                    target[at[i]] += source[i];
            }
        }
    }
}
