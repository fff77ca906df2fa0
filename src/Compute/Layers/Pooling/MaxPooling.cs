using System.Runtime.CompilerServices;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Pooling;

/// <summary>
/// The greatest element of each window and its place: the first one, row by row, that is greater than all before it
/// and than -3.4e38. A window without such an element (all NaN, or wholly outside) gives -3.4e38 and the place -1.
/// It is found as the first of the greatest of the window's rows, each of which is its first greatest element; where
/// windows lie one row and column apart, those of a row are kept for the windows that share it. A row is one plane.
/// </summary>
/// <param name="geometry">Where the windows lie.</param>
/// <param name="planes">Number of planes.</param>
/// <param name="x">The planes.</param>
/// <param name="y">The maxima.</param>
/// <param name="places">Their places on their planes; null where nobody wants them.</param>
/// <param name="mask">The places as floats; null where nobody wants them, as without places.</param>
/// <param name="workspace">Scratch memory.</param>
internal readonly unsafe struct MaxPooling(
    PoolingGeometry geometry, int planes, float* x, float* y, int* places, float* mask, Workspace workspace) : IRowBody
{
    // Row maxima that are kept at once: few enough to stay in the first-level cache with their places.
    private const int Kept = 1024;

    /// <summary>Does some planes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to, int worker)
    {
        if (places is null)
            Planes<PlacesIgnored>(from, to, worker);
        else
            Planes<PlacesNoted>(from, to, worker);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Planes<TPlaces>(int from, int to, int worker)
        where TPlaces : struct, IPlaces
    {
        PoolingGeometry g = geometry;
        bool slides = g.StrideW == 1 && g.StrideH == 1 && g.KernelH > 1, joined = slides && g.PooledWidth == g.Width;
        int distance = joined ? g.PooledWidth : Rounded(g.PooledWidth);
        int atOnce = Math.Clamp((Kept / distance) - g.KernelH, 1, g.PooledHeight);
        int kept = checked(Rounded(slides ? ((atOnce - 1 + g.KernelH) * distance) + Lanes.Count : distance));
        int margin = Rounded(g.PadW);
        float* values = workspace.OfWorker(worker, WorkspaceSlots.Layer, (3L * kept) + margin + g.PlaneSize + g.Reach);
        var at = (int*)(values + kept);
        int* columns = at + kept;
        float* copy = (float*)(columns + kept) + margin;
        for (int q = 0; q < distance; q++)
            columns[q] = (q * g.StrideW) - g.PadW;
        // Joined rows repeat them.
        for (int have = distance; joined && have < kept; have *= 2)
            new Span<int>(columns, Math.Min(have, kept - have)).CopyTo(new Span<int>(columns + have, kept - have));
        for (int plane = from; plane < to; plane++)
        {
            float* cells = x + ((long)plane * g.PlaneSize), best = y + ((long)plane * g.PooledSize);
            int* marks = TPlaces.Noted ? places + ((long)plane * g.PooledSize) : null;
            // The kernels read a little before and behind a plane: of its neighbours, where there are some.
            if ((long)plane * g.PlaneSize < margin || (planes - plane - 1L) * g.PlaneSize < g.Reach)
            {
                new ReadOnlySpan<float>(cells, g.PlaneSize).CopyTo(new Span<float>(copy, g.PlaneSize));
                cells = copy;
            }

            if (!slides)
            {
                MaxWindows.Apart<TPlaces>(g, cells, columns, best, marks);
            }
            else
            {
                for (int ph = 0; ph < g.PooledHeight; ph += atOnce)
                {
                    int rows = Math.Min(atOnce, g.PooledHeight - ph), offset = ph * g.PooledWidth;
                    MaxWindows.Sliding<TPlaces>(
                        g, cells, columns, ph, rows, joined, distance, values, at, best + offset, marks + offset);
                }
            }

            if (mask is null)
                continue;
            float* floats = mask + ((long)plane * g.PooledSize);
            for (int i = 0; i < g.PooledSize; i++)
                floats[i] = marks[i];
        }
    }

    private static int Rounded(int count) => (count + Lanes.Count - 1) / Lanes.Count * Lanes.Count;
}

/// <summary>Whether a maximum's place is noted.</summary>
internal interface IPlaces
{
    /// <summary>Whether it is.</summary>
    static abstract bool Noted { get; }
}

/// <summary>Places are noted.</summary>
internal readonly struct PlacesNoted : IPlaces
{
    /// <inheritdoc/>
    public static bool Noted => true;
}

/// <summary>Places are of no use.</summary>
internal readonly struct PlacesIgnored : IPlaces
{
    /// <inheritdoc/>
    public static bool Noted => false;
}
