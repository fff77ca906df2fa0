using CaffeActors.Compute.Diagnostics;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>Plain products of 32-bit floats by cuBLAS, with its default arithmetic: no TF32, no atomics.</summary>
internal sealed class CuBlasGemm : IDisposable
{
    private readonly CuBlas _blas;

    private CuBlasGemm(CudaAccelerator accelerator)
    {
        _blas = new CuBlas(accelerator);
        if (accelerator.DefaultStream is CudaStream stream)
            _blas.Stream = stream;
    }

    /// <summary>Loads cuBLAS for a device.</summary>
    /// <param name="accelerator">The device.</param>
    /// <param name="choice">Auto gives null where it cannot be loaded, Own always.</param>
    /// <exception cref="CaffeException">The choice is cuBLAS, and it cannot be loaded.</exception>
    public static CuBlasGemm? Of(Accelerator accelerator, GpuBlas choice)
    {
        if (choice == GpuBlas.Own)
            return null;
        if (accelerator is not CudaAccelerator cuda)
            return choice == GpuBlas.Auto ? null : throw Missing(accelerator, "it is no CUDA device", null);
        try
        {
            return new CuBlasGemm(cuda);
        }
        catch (Exception failure) when (
            failure is CuBlasException or DllNotFoundException or EntryPointNotFoundException or NotSupportedException
                or BadImageFormatException or AcceleratorException)
        {
            return choice == GpuBlas.Auto ? null : throw Missing(accelerator, failure.Message, failure);
        }
    }

    /// <summary>
    /// Queues C = A * B, or adds it to C. cuBLAS takes matrices column by column and so sees the transpose of each of
    /// ours: it is asked for C^T = B^T * A^T.
    /// </summary>
    /// <param name="m">Rows of A and C.</param>
    /// <param name="n">Columns of B and C.</param>
    /// <param name="k">Columns of A, rows of B.</param>
    /// <param name="a">A.</param>
    /// <param name="b">B.</param>
    /// <param name="c">C, row-major.</param>
    /// <param name="add">Whether the product is added.</param>
    public void Run(int m, int n, int k, PlainMatrix a, PlainMatrix b, PlainMatrix c, bool add) =>
        _blas.Gemm(
            OperationOf(b), OperationOf(a), n, m, k, 1, b.Numbers, b.Stride, a.Numbers, a.Stride, add ? 1 : 0,
            c.Numbers, c.Stride);

    /// <inheritdoc/>
    public void Dispose() => _blas.Dispose();

    // A row-major matrix is its transpose already, which is what is asked for.
    private static CuBlasOperation OperationOf(PlainMatrix matrix) =>
        matrix.IsTransposed ? CuBlasOperation.Transpose : CuBlasOperation.NonTranspose;

    private static CaffeException Missing(Accelerator accelerator, string reason, Exception? failure) => new(
        ErrorCodes.DeviceFailed, FailureKind.Device,
        $"cuBLAS cannot be used on {accelerator.Name}: {reason}; leave the choice to the engine (auto), or take its "
        + "own kernels (own)", null, failure);
}

/// <summary>A matrix of 32-bit floats in memory.</summary>
/// <param name="Numbers">Its numbers, from the first on.</param>
/// <param name="Stride">Numbers from row to row, or, transposed, from column to column.</param>
/// <param name="IsTransposed">Whether its columns, not its rows, lie in one piece each.</param>
internal readonly record struct PlainMatrix(ArrayView<float> Numbers, int Stride, bool IsTransposed);
