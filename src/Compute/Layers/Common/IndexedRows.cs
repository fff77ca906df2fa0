using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>Rows of a matrix chosen by a list of indices, which are floats whose fraction is cut off.</summary>
internal static unsafe class IndexedRows
{
    /// <summary>target[i, :] = source[indices[i], :], plus a bias.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="source">The matrix; every index must be one of its rows.</param>
    /// <param name="indices">Which rows.</param>
    /// <param name="count">How many indices.</param>
    /// <param name="length">Floats of a row.</param>
    /// <param name="bias">Added to each row; null for nothing.</param>
    /// <param name="target">Takes the rows.</param>
    public static void Gather(
        CpuDevice device, float* source, float* indices, int count, int length, float* bias, float* target) =>
        Rowwise.Run(device, count, length, new GatherBody(source, indices, length, bias, target));

    /// <summary>target[indices[i], :] += source[i, :], in the order of the indices.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="source">Rows to add.</param>
    /// <param name="indices">Where to.</param>
    /// <param name="count">How many indices.</param>
    /// <param name="length">Floats of a row.</param>
    /// <param name="target">The matrix; every index must be one of its rows.</param>
    public static void ScatterAdd(
        CpuDevice device, float* source, float* indices, int count, int length, float* target)
    {
        // Cut by columns: rows may meet in one target.
        int strips = (int)(((long)length + Lanes.Count - 1) / Lanes.Count);
        Rowwise.Run(
            device, strips, (long)count * Lanes.Count, new ScatterBody(source, indices, count, length, target));
    }

    private readonly struct GatherBody(float* source, float* indices, int length, float* bias, float* target)
        : IRowBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to, int worker)
        {
            for (int i = from; i < to; i++)
            {
                float* row = source + ((long)indices[i] * length), result = target + ((long)i * length);
                if (bias is null)
                {
                    new ReadOnlySpan<float>(row, length).CopyTo(new Span<float>(result, length));
                    continue;
                }

                for (int j = 0; j < length; j += Lanes.Count)
                {
                    int lanes = length - j;
                    Lanes.Store(Lanes.Load(row + j, lanes) + Lanes.Load(bias + j, lanes), result + j, lanes);
                }
            }
        }
    }

    // A row of the work is a strip of 16 columns.
    private readonly struct ScatterBody(float* source, float* indices, int count, int length, float* target)
        : IRowBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to, int worker)
        {
            int begin = from * Lanes.Count, end = (int)Math.Min(length, (long)to * Lanes.Count);
            for (int i = 0; i < count; i++)
            {
                float* row = source + ((long)i * length), sum = target + ((long)indices[i] * length);
                for (int j = begin; j < end; j += Lanes.Count)
                {
                    int lanes = end - j;
                    Lanes.Store(Lanes.Load(sum + j, lanes) + Lanes.Load(row + j, lanes), sum + j, lanes);
                }
            }
        }
    }
}
