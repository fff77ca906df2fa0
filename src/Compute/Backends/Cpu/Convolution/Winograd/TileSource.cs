using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu.Gemm;

namespace CaffeActors.Compute.Backends.Cpu.Convolution.Winograd;

/// <summary>
/// Images as tiles: 16 channels at a time are brought side by side, padded, and each tile is transformed along its
/// columns and then its rows. Neighbouring tiles share the transforms of the columns they have in common. Rows of tiles
/// are counted through all images.
/// </summary>
/// <param name="height">Rows of an image.</param>
/// <param name="width">Columns of an image.</param>
/// <param name="padY">Zeros before the first row.</param>
/// <param name="padX">Zeros before the first column.</param>
/// <param name="step">From a tile to the next.</param>
/// <param name="extent">Rows and columns of a tile.</param>
/// <param name="tilesY">Tiles in a column of an image.</param>
/// <param name="tilesX">Tiles in a row of an image.</param>
internal sealed unsafe class TileSource(
    int height, int width, int padY, int padX, int step, int extent, int tilesY, int tilesX)
{
    private readonly int _columns = ((tilesX - 1) * step) + extent;

    /// <summary>Floats of scratch memory that <see cref="Transform"/> needs.</summary>
    /// <param name="tileRows">The most rows of tiles in a call.</param>
    public long Room(int tileRows) =>
        (((Math.Min(tileRows, tilesY) - 1) * step) + extent + 6L) * _columns * 16;

    /// <summary>Transforms rows of tiles.</summary>
    /// <param name="from">The first of the channels, of the first image.</param>
    /// <param name="imageStep">From an image to the next.</param>
    /// <param name="channels">Channels, 1 to 16; what is missing to 16 is zero.</param>
    /// <param name="firstRow">First row of tiles.</param>
    /// <param name="rows">Number of rows of tiles.</param>
    /// <param name="scratch">Memory for <see cref="Room"/> floats.</param>
    /// <param name="to">Where the results go.</param>
    /// <param name="places">For each tile, its place on a plane.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public void Transform<TLine>(
        float* from, nint imageStep, int channels, int firstRow, int rows, float* scratch, TileTarget to, int* places)
        where TLine : struct, ITileLine
    {
        float* strip = scratch, image = scratch + (6L * _columns * 16);
        nint rowPitch = (nint)_columns * 16;
        while (rows > 0)
        {
            (int n, int first) = Math.DivRem(firstRow, tilesY);
            int count = Math.Min(rows, tilesY - first);
            Load(from + (n * imageStep), channels, (first * step) - padY, ((count - 1) * step) + extent, image);
            for (int r = 0; r < count; r++)
            {
                float* row = image + (r * step * rowPitch);
                for (int x = 0; x < _columns; x++)
                    TLine.Apply(row + (x * 16), rowPitch, strip + (x * 96), 16);
                Row<TLine>(strip, to, places);
                places += tilesX;
            }

            firstRow += count;
            rows -= count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private void Row<TLine>(float* strip, TileTarget to, int* places)
        where TLine : struct, ITileLine
    {
        float* parts = stackalloc float[96];
        for (int tile = 0; tile < tilesX; tile++)
        {
            float* place = to.Start + places[tile];
            for (int i = 0; i < 6; i++)
            {
                if (to.IsWhole)
                {
                    TLine.Apply(strip + (i * 16), 96, place, to.PlaneStep);
                }
                else
                {
                    TLine.Apply(strip + (i * 16), 96, parts, 16);
                    to.Split(parts, place);
                }

                place += 6 * to.PlaneStep;
            }

            strip += step * 96;
        }
    }

    // Rows [first, first + rows) of the padded image, a vector of channels for each pixel.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private void Load(float* from, int channels, int first, int rows, float* to)
    {
        nint* offsets = stackalloc nint[16];
        nint plane = (nint)height * width;
        for (int i = 0; i < 16; i++)
            offsets[i] = Math.Min(i, channels - 1) * plane;
        int columns = Math.Clamp(_columns - padX, 0, width);
        for (int y = first; y < first + rows; y++, to += (nint)_columns * 16)
        {
            if ((uint)y >= (uint)height)
            {
                Clear(to, _columns);
                continue;
            }

            Clear(to, Math.Min(padX, _columns));
            float* row = from + ((nint)y * width), pixel = to + (padX * 16);
            for (int x = 0; x < columns; x += 16)
            {
                int count = Math.Min(16, columns - x);
                Packing.Transpose(row + x, offsets, channels, count, pixel, 16, 16, 1);
                pixel += count * 16;
            }

            Clear(pixel, _columns - padX - columns);
        }
    }

    private static void Clear(float* to, int vectors)
    {
        for (; vectors > 0; vectors--, to += 16)
            Vector512<float>.Zero.Store(to);
    }
}
