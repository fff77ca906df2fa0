using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu.Gemm;

namespace CaffeActors.Compute.Backends.Cpu.Convolution.Winograd;

/// <summary>
/// Brings the 36 products of tiles back to outputs: each tile's are transformed along its columns and rows, a row of
/// tiles lies 16 channels side by side, and is turned to rows of single channels.
/// </summary>
/// <param name="height">Rows of an output.</param>
/// <param name="width">Columns of an output.</param>
/// <param name="side">Side of a tile.</param>
/// <param name="tilesY">Tiles in a column of an image.</param>
/// <param name="tilesX">Tiles in a row of an image.</param>
internal sealed unsafe class TileOutput(int height, int width, int side, int tilesY, int tilesX)
{
    /// <summary>Numbers in a channel.</summary>
    public nint Plane => (nint)height * width;

    /// <summary>Floats of scratch memory that <see cref="Transform"/> needs.</summary>
    public long Room => (long)tilesX * side * side * 16;

    /// <summary>Transforms rows of tiles.</summary>
    /// <param name="products">The first of 36 products of the first tile, 16 channels side by side.</param>
    /// <param name="planeStep">Floats from a product to the next; from a tile to the next there are
    /// <see cref="FilterLayout.Lanes"/>.</param>
    /// <param name="channels">Channels to store, 1 to 16.</param>
    /// <param name="firstRow">First row of tiles, counted through all images.</param>
    /// <param name="rows">Number of rows of tiles.</param>
    /// <param name="negativeSlope">By what negative outputs are multiplied; null leaves them.</param>
    /// <param name="scratch">Memory for <see cref="Room"/> floats.</param>
    /// <param name="to">The first of the channels, of the first image.</param>
    /// <param name="imageStep">From an image to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public void Transform<TKind>(
        float* products, nint planeStep, int channels, int firstRow, int rows, float? negativeSlope, float* scratch,
        float* to, nint imageStep)
        where TKind : struct, IWinograd
    {
        float* columns = stackalloc float[96 * TKind.Outputs];
        nint* offsets = stackalloc nint[16];
        for (int i = 0; i < 16; i++)
            offsets[i] = i * 16;
        int rowPitch = tilesX * side * 16;
        for (int r = 0; r < rows; r++)
        {
            (int image, int row) = Math.DivRem(firstRow + r, tilesY);
            float* target = to + (image * imageStep) + ((nint)row * side * width);
            int lines = Math.Min(side, height - (row * side));
            for (int tile = 0; tile < tilesX; tile++)
            {
                for (int j = 0; j < 6; j++)
                    TKind.Output(products + (j * planeStep), 6 * planeStep, columns + (j * 16), 96);
                float* place = scratch + (tile * side * 16);
                for (int i = 0; i < TKind.Outputs; i++)
                    TKind.Output(columns + (i * 96), 16, place + (i * rowPitch), 16);
                products += FilterLayout.Lanes;
            }

            if (negativeSlope is { } slope)
                Rectifier.Apply(scratch, side * rowPitch, 1, side * rowPitch, slope);
            for (int i = 0; i < lines; i++)
            {
                float* line = scratch + (i * rowPitch);
                for (int x = 0; x < width; x += 16)
                {
                    int count = Math.Min(16, width - x);
                    Packing.Transpose(
                        line + (x * 16), offsets, count, channels, target + ((nint)i * width) + x, Plane, count, 1);
                }
            }
        }
    }
}
