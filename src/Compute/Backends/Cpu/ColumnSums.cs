using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>Sums of a matrix's columns, each from the first row to the last: the gradient of a bias.</summary>
public static unsafe class ColumnSums
{
    /// <summary>Adds the sum of each column to a target.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="matrix">The matrix, row-major.</param>
    /// <param name="rows">Its rows, at least 0.</param>
    /// <param name="columns">Its columns, at least 0.</param>
    /// <param name="target">One number for each column.</param>
    public static void Add(CpuDevice device, float* matrix, int rows, int columns, float* target) =>
        Elementwise.Run(device, columns, new Body(matrix, rows, columns, target));

    private readonly struct Body(float* matrix, int rows, int columns, float* target) : IRangeBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            int j = from;
            for (; j + 16 <= to; j += 16)
            {
                Vector512<float> sum = Vector512.Load(target + j);
                for (int i = 0; i < rows; i++)
                    sum += Vector512.Load(matrix + ((nint)i * columns) + j);
                sum.Store(target + j);
            }

            for (; j < to; j++)
            {
                for (int i = 0; i < rows; i++)
                    target[j] += matrix[((nint)i * columns) + j];
            }
        }
    }
}
