using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using CaffeActors.Compute.Backends.Cpu.Gemm;

namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>The tasks of a scattered gradient: an image, a group, some of its channels.</summary>
internal readonly unsafe struct ScatteredGradientBody(
    ScatteredGradient owner, CpuDevice device, EvenSplit parts, float* packed,
    float* outputGradient, float* bias, float* gradient) : IParallelBody
{
    /// <inheritdoc/>
    public void Invoke(int task, int worker)
    {
        ConvolutionGeometry geometry = owner.Geometry;
        (task, int part) = Math.DivRem(task, parts.Parts);
        (int image, int group) = Math.DivRem(task, geometry.Groups);
        int first = parts.Start(part), channels = parts.Count(part);
        int channel = (group * geometry.InputsOfGroup) + first;
        float* to = gradient + ((((nint)image * geometry.Inputs) + channel) * geometry.InputPlane);
        SourceLayout layout = owner.Layout;
        float* plane = layout.IsDirect
            ? to
            : device.Workspace.OfWorker(worker, WorkspaceSlots.Image, (long)channels * layout.Plane);
        float* start = bias is null ? null : bias + channel;
        Fill(plane, channels, layout.Plane, start);
        int depth = geometry.OutputsOfGroup;
        float* left = packed + (((nint)group * depth) * geometry.Depth) + ((nint)first * geometry.Taps * depth);
        float* from = outputGradient + ((((nint)image * geometry.Outputs) + (group * depth)) * geometry.OutputPlane);
        AddPixels(worker, channels, left, from, plane);
        if (!layout.IsDirect)
        {
            Fill(to, channels, geometry.InputPlane, start);
            layout.CopyBack(plane, channels, to);
        }
    }

    private static void Fill(float* to, int channels, int plane, float* values)
    {
        for (int c = 0; c < channels; c++)
            new Span<float>(to + ((nint)c * plane), plane).Fill(values is null ? 0 : values[c]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private void AddPixels(int worker, int channels, float* left, float* from, float* plane)
    {
        KernelFamily family = device.Kernels;
        ConvolutionGeometry geometry = owner.Geometry;
        PixelPhase phase = owner.Pixels;
        int depth = geometry.OutputsOfGroup, pixels = geometry.OutputPlane, rows = channels * geometry.Taps;
        EvenSplit panels = EvenSplit.RowPanels(family, rows);
        int wide = family.PanelColumns;
        float* right = device.Workspace.OfWorker(worker, WorkspaceSlots.Right, (long)depth * wide);
        float* tile = stackalloc float[PanelProduct.TileSize];
        float* zero = PanelProduct.Zero;
        nint* offsets = stackalloc nint[16];
        PixelPiece* pieces = stackalloc PixelPiece[32];
        for (int j = 0; j < pixels; j += wide)
        {
            int width = Math.Min(wide, pixels - j);
            Packing.Right(family, from + j, pixels, 1, depth, width, right);
            int count = 0;
            for (int column = 0; column < width;)
            {
                (int row, int x) = Math.DivRem(j + column, phase.RowLength);
                int run = Math.Min(Math.Min(16 - (column % 16), phase.RowLength - x), width - column);
                pieces[count++] = new PixelPiece(phase.Rows[row] + x, column, run);
                column += run;
            }

            int tap = 0, channel = 0;
            for (int p = 0; p < panels.Parts; p++)
            {
                int height = panels.Count(p);
                float* a = left + ((nint)panels.Start(p) * depth);
                family.Tile(height, width <= family.Lanes ? 1 : 2)(
                    depth, a, right, tile, PanelProduct.TilePitch, zero, 0, family.Lanes);
                for (int i = 0; i < height; i++)
                {
                    offsets[i] = ((nint)channel * owner.Layout.Plane) + phase.Offsets[tap];
                    if (++channel == channels)
                        (channel, tap) = (0, tap + 1);
                }

                Add(tile, height, pieces, count, plane, offsets);
            }
        }
    }

    // Piece by piece, so that one addition does not wait for the one before: rows are mostly of different channels.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(float* tile, int height, PixelPiece* pieces, int count, float* plane, nint* offsets)
    {
        for (int q = 0; q < count; q++)
        {
            // Registers are read as the tile kernel wrote them and their lanes stored where they are: a read across two
            // of them would wait until they are in the cache.
            int lane = pieces[q].Column % 16, length = pieces[q].Length;
            float* from = tile + pieces[q].Column - lane, to = plane + pieces[q].Offset - lane;
            if (length == 8 && lane % 8 == 0)
            {
                for (int i = 0; i < height; i++)
                {
                    float* at = to + offsets[i] + lane;
                    (Vector256.Load(at) + Vector256.Load(from + (i * PanelProduct.TilePitch) + lane)).Store(at);
                }
            }
            else if (Avx512F.IsSupported)
            {
                Vector512<uint> lanes = (Vector512<int>.Indices - Vector512.Create(lane)).AsUInt32();
                Vector512<float> mask = Vector512.LessThan(lanes, Vector512.Create((uint)length)).AsSingle();
                for (int i = 0; i < height; i++)
                {
                    float* at = to + offsets[i];
                    Vector512<float> old = Avx512F.MaskLoad(at, mask, Vector512<float>.Zero);
                    Avx512F.MaskStore(at, mask, old + Vector512.Load(from + (i * PanelProduct.TilePitch)));
                }
            }
            else
            {
                for (int i = 0; i < height; i++)
                {
                    for (int j = lane; j < lane + length; j++)
                        to[offsets[i] + j] += from[(i * PanelProduct.TilePitch) + j];
                }
            }
        }
    }
}
