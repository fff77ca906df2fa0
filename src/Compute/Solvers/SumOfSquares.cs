using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Solvers;

/// <summary>The sum of the squares of an array, in double, one sum for each block of a fixed size.</summary>
/// <param name="values">The array.</param>
/// <param name="count">Its length.</param>
/// <param name="sums">Takes the blocks' sums; to be added up in order.</param>
internal readonly unsafe struct SumOfSquares(float* values, int count, double* sums) : IParallelBody
{
    private const int Block = CpuDevice.Grain;

    /// <summary>The number of blocks of an array.</summary>
    public static int BlocksOf(int count) => (int)(((long)count + Block - 1) / Block);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int task, int worker)
    {
        int i = task * Block;
        int end = (int)Math.Min(count, (long)i + Block);
        Vector512<double> low = default, high = default;
        for (; i + 16 <= end; i += 16)
        {
            (Vector512<double> a, Vector512<double> b) = Vector512.Widen(Vector512.Load(values + i));
            low += a * a;
            high += b * b;
        }

        double sum = Vector512.Sum(low + high);
        for (; i < end; i++)
            sum += (double)values[i] * values[i];
        sums[task] = sum;
    }
}
