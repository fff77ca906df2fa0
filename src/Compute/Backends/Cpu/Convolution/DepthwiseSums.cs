using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>The sums of <see cref="DepthwiseKernel"/> over one copied plane.</summary>
internal static unsafe class DepthwiseSums
{
    // Kernel cells whose products are summed at once: a 3 x 3 kernel.
    private const int Cells = 9;

    /// <summary>Each output of a phase: start plus the sum of weight times what lies at the weight's offset.</summary>
    /// <param name="source">The plane; a register past its end must be readable.</param>
    /// <param name="phase">The outputs, with an offset for each weight.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="start">What the sums start from.</param>
    /// <param name="target">The plane of outputs.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void Outputs(float* source, PixelPhase phase, float* weights, float start, float* target)
    {
        int terms = phase.Depth, rows = phase.Units, length = phase.RowLength, step = phase.TargetStep;
        int* offsets = phase.Offsets, starts = phase.Rows, targets = phase.Targets;
        target += phase.TargetOrigin;
        int row = 0;
        for (; rows >= 4 && row < rows; row += 4)
        {
            // The last four once more rather than fewer at a time: the same sums again.
            row = Math.Min(row, rows - 4);
            float* s0 = source + starts[row], s1 = source + starts[row + 1];
            float* s2 = source + starts[row + 2], s3 = source + starts[row + 3];
            for (int i = 0; i < length; i += Lanes.Count)
            {
                Vector512<float> a = Vector512.Create(start), b = a, c = a, d = a;
                for (int k = 0; k < terms; k++)
                {
                    Vector512<float> weight = Vector512.Create(weights[k]);
                    nint offset = (nint)offsets[k] + i;
                    a = Vector512.FusedMultiplyAdd(weight, Vector512.Load(s0 + offset), a);
                    b = Vector512.FusedMultiplyAdd(weight, Vector512.Load(s1 + offset), b);
                    c = Vector512.FusedMultiplyAdd(weight, Vector512.Load(s2 + offset), c);
                    d = Vector512.FusedMultiplyAdd(weight, Vector512.Load(s3 + offset), d);
                }

                int lanes = Math.Min(Lanes.Count, length - i);
                float* to = target + ((nint)i * step);
                Store(a, to + targets[row], step, lanes);
                Store(b, to + targets[row + 1], step, lanes);
                Store(c, to + targets[row + 2], step, lanes);
                Store(d, to + targets[row + 3], step, lanes);
            }
        }

        for (; row < rows; row++)
        {
            for (int i = 0; i < length; i += Lanes.Count)
            {
                Vector512<float> sum = Sum(source + starts[row] + i, offsets, weights, terms, start);
                Store(sum, target + targets[row] + ((nint)i * step), step, Math.Min(Lanes.Count, length - i));
            }
        }
    }

    /// <summary>Two phases whose outputs alternate along the rows.</summary>
    /// <param name="source">The plane; a register past its end must be readable.</param>
    /// <param name="even">Outputs 0, 2, ... of each row.</param>
    /// <param name="evenWeights">Their weights.</param>
    /// <param name="odd">Outputs 1, 3, ..., as many or one less.</param>
    /// <param name="oddWeights">Their weights.</param>
    /// <param name="start">What the sums start from.</param>
    /// <param name="target">The plane of outputs.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void PairedOutputs(
        float* source, PixelPhase even, float* evenWeights, PixelPhase odd, float* oddWeights, float start,
        float* target)
    {
        int length = even.RowLength + odd.RowLength;
        float* both = stackalloc float[2 * Lanes.Count];
        target += even.TargetOrigin;
        for (int row = 0; row < even.Units; row++)
        {
            float* evens = source + even.Rows[row], odds = source + odd.Rows[row], to = target + even.Targets[row];
            for (int i = 0; 2 * i < length; i += Lanes.Count)
            {
                Vector512<float> a = Sum(evens + i, even.Offsets, evenWeights, even.Depth, start);
                Vector512<float> b = Sum(odds + i, odd.Offsets, oddWeights, odd.Depth, start);
                int count = length - (2 * i);
                if (count >= 2 * Lanes.Count)
                {
                    Lanes.StoreInterleaved(to + (2 * i), a, b);
                    continue;
                }

                Lanes.StoreInterleaved(both, a, b);
                new ReadOnlySpan<float>(both, count).CopyTo(new Span<float>(to + (2 * i), count));
            }
        }
    }

    /// <summary>Adds to each kernel cell's total the products of gradients with what the cell saw.</summary>
    /// <param name="source">The plane; what lies a register past its rows' ends must be numbers.</param>
    /// <param name="pixels">The outputs, with an offset for each cell.</param>
    /// <param name="gradient">The outputs' gradient, row after row.</param>
    /// <param name="totals">One for each cell.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void Products(float* source, PixelPhase pixels, float* gradient, double* totals)
    {
        int length = pixels.RowLength, taps = pixels.Depth;
        int* offsets = pixels.Offsets, starts = pixels.Rows;
        nint* o = stackalloc nint[Cells];
        Vector512<float>* sums = stackalloc Vector512<float>[Cells];
        for (int first = 0; first < taps; first += Cells)
        {
            int count = Math.Min(Cells, taps - first);
            // Cells past the last are the last again; their sums are left.
            for (int k = 0; k < Cells; k++)
                o[k] = offsets[first + Math.Min(k, count - 1)];
            nint o0 = o[0], o1 = o[1], o2 = o[2], o3 = o[3], o4 = o[4], o5 = o[5], o6 = o[6], o7 = o[7], o8 = o[8];
            Vector512<float> s0 = default, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0, s8 = s0;
            for (int row = 0; row < pixels.Units; row++)
            {
                float* dy = gradient + ((nint)row * length), x = source + starts[row];
                for (int i = 0; i < length; i += Lanes.Count, x += Lanes.Count)
                {
                    Vector512<float> g = Lanes.Load(dy + i, Math.Min(Lanes.Count, length - i));
                    s0 = Vector512.FusedMultiplyAdd(g, Vector512.Load(x + o0), s0);
                    s1 = Vector512.FusedMultiplyAdd(g, Vector512.Load(x + o1), s1);
                    s2 = Vector512.FusedMultiplyAdd(g, Vector512.Load(x + o2), s2);
                    s3 = Vector512.FusedMultiplyAdd(g, Vector512.Load(x + o3), s3);
                    s4 = Vector512.FusedMultiplyAdd(g, Vector512.Load(x + o4), s4);
                    s5 = Vector512.FusedMultiplyAdd(g, Vector512.Load(x + o5), s5);
                    s6 = Vector512.FusedMultiplyAdd(g, Vector512.Load(x + o6), s6);
                    s7 = Vector512.FusedMultiplyAdd(g, Vector512.Load(x + o7), s7);
                    s8 = Vector512.FusedMultiplyAdd(g, Vector512.Load(x + o8), s8);
                }
            }

            (sums[0], sums[1], sums[2], sums[3], sums[4]) = (s0, s1, s2, s3, s4);
            (sums[5], sums[6], sums[7], sums[8]) = (s5, s6, s7, s8);
            for (int k = 0; k < count; k++)
                totals[first + k] += VectorMath.SumLanes(sums[k]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Sum(float* source, int* offsets, float* weights, int terms, float start)
    {
        Vector512<float> sum = Vector512.Create(start);
        for (int k = 0; k < terms; k++)
            sum = Vector512.FusedMultiplyAdd(Vector512.Create(weights[k]), Vector512.Load(source + offsets[k]), sum);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<float> sums, float* target, int step, int lanes)
    {
        if (step == 1)
        {
            Lanes.Store(sums, target, lanes);
            return;
        }

        for (int lane = 0; lane < lanes; lane++)
            target[(nint)lane * step] = sums[lane];
    }
}
