using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu.Gemm;

namespace CaffeActors.Compute.Backends.Cpu.Convolution.Winograd;

/// <summary>Transforms weights to the 36 right matrices of a Winograd convolution.</summary>
internal static unsafe class WinogradFilter<TKind>
    where TKind : struct, IWinograd
{
    /// <summary>
    /// Transforms a part of the target channels. Each of the 36 matrices has panels of a family's columns, one after
    /// the other, each with the summed channel outermost; columns past the targets are zero.
    /// </summary>
    /// <param name="family">Whose panels.</param>
    /// <param name="layout">How the weights lie.</param>
    /// <param name="weights">The group's weights.</param>
    /// <param name="part">Which part.</param>
    /// <param name="to">Room for <see cref="FilterLayout.PartSize"/> floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void Transform(KernelFamily family, FilterLayout layout, float* weights, int part, float* to)
    {
        int lanes = layout.LanesOf(part), wide = Math.Min(family.PanelColumns, lanes), taps = TKind.Taps * TKind.Taps;
        nint* offsets = stackalloc nint[16];
        float* cells = stackalloc float[32 * 16];
        float* parts = stackalloc float[96];
        for (int i = 0; i < 16; i++)
            offsets[i] = i * (nint)layout.TargetStep;
        for (int lane = 0; lane < lanes; lane += 16)
        {
            int first = (part * FilterLayout.Lanes) + lane, count = Math.Min(16, layout.Targets - first);
            float* from = weights + (first * (nint)layout.TargetStep);
            nint panel = (nint)layout.Depth * (lane / wide * wide);
            int inPanel = lane % wide, piece = Math.Min(16, wide);
            var target = new TileTarget(to, layout.PlaneStep, piece, (nint)layout.Depth * piece);
            for (int d = 0; d < layout.Depth; d++)
            {
                for (int tap = 0; tap < taps; tap += 16)
                {
                    Packing.Transpose(
                        from + tap, offsets, count, Math.Min(16, taps - tap), cells + (tap * 16), 16, 16, 1);
                }

                Cells(layout.IsFlipped, cells, target, parts, to + panel + inPanel + ((nint)d * wide));
                from += layout.DepthStep;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private static void Cells(bool isFlipped, float* cells, TileTarget target, float* parts, float* to)
    {
        float* columns = stackalloc float[6 * 16 * 5];
        int taps = TKind.Taps, row = taps * 16, step = isFlipped ? -16 : 16;
        float* cell = isFlipped ? cells + (((taps * taps) - 1) * 16) : cells;
        for (int s = 0; s < taps; s++)
            TKind.Filter(cell + (s * step), taps * step, columns + (s * 16), row);
        for (int i = 0; i < 6; i++)
        {
            if (target.IsWhole)
            {
                TKind.Filter(columns + (i * row), 16, to, target.PlaneStep);
            }
            else
            {
                TKind.Filter(columns + (i * row), 16, parts, 16);
                target.Split(parts, to);
            }

            to += 6 * target.PlaneStep;
        }
    }
}
