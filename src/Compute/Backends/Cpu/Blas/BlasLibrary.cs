using System.Diagnostics;
using System.Runtime.InteropServices;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Compute.Backends.Cpu.Blas;

/// <summary>
/// A native library with a CBLAS interface of 32-bit sizes. OpenBLAS and MKL are made to compute each call on the
/// calling thread alone, as the engine's own threads share the work; another one is to be so by itself. Loaded once for
/// a process and kept; thread-safe.
/// </summary>
public sealed unsafe class BlasLibrary
{
    private const int RowMajor = 101;
    private const int Plain = 111;
    private const int Transposed = 112;

    private static readonly Dictionary<string, (BlasLibrary? Library, string Reason)> Known = new();

    private readonly delegate* unmanaged<
        int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> _sgemm;

    private BlasLibrary(string choice, string name, nint handle, nint sgemm)
    {
        Choice = choice;
        _sgemm = (delegate* unmanaged<
            int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)sgemm;
        Description = BlasThreads.MakeSingle(handle);
        Path = FileOf(sgemm) ?? name;
    }

    /// <summary>What the user calls it: <c>openblas</c>, <c>mkl</c> or a path.</summary>
    public string Choice { get; }

    /// <summary>What it says it is, as <c>OpenBLAS 0.3.21, SkylakeX</c>.</summary>
    public string Description { get; }

    /// <summary>The file it was loaded from, where the system tells; else the name it was found by.</summary>
    public string Path { get; }

    /// <summary>Loads a library.</summary>
    /// <param name="choice"><c>openblas</c>, <c>mkl</c> or a path.</param>
    /// <returns>Null where there is none that can be used.</returns>
    public static BlasLibrary? Find(string choice) => Load(choice).Library;

    /// <summary>Loads a library.</summary>
    /// <param name="choice"><c>openblas</c>, <c>mkl</c> or a path.</param>
    /// <exception cref="CaffeException">There is none that can be used; the text says what was tried and what to
    /// do.</exception>
    public static BlasLibrary Open(string choice)
    {
        (BlasLibrary? library, string reason) = Load(choice);
        return library ?? throw new CaffeException(ErrorCodes.BadSetting, FailureKind.Configuration,
            $"the BLAS library '{choice}' cannot be used: {reason}; {BlasFiles.Advice(choice)}, or leave the products "
            + $"to the engine ({BlasChoice.Managed})");
    }

    /// <summary>C = alpha * op(A) * op(B) + beta * C, row-major, on this thread.</summary>
    /// <param name="transA">Whether A is stored k by m.</param>
    /// <param name="transB">Whether B is stored n by k.</param>
    /// <param name="m">Rows of C.</param>
    /// <param name="n">Columns of C.</param>
    /// <param name="k">Length of the sums.</param>
    /// <param name="alpha">Factor of the product.</param>
    /// <param name="a">A.</param>
    /// <param name="lda">Floats from a stored row of A to the next.</param>
    /// <param name="b">B.</param>
    /// <param name="ldb">Floats from a stored row of B to the next.</param>
    /// <param name="beta">Factor of what stands in C; with 0, C is not read.</param>
    /// <param name="c">C.</param>
    /// <param name="ldc">Floats from a row of C to the next.</param>
    internal void Multiply(
        bool transA, bool transB, int m, int n, int k, float alpha, float* a, int lda, float* b, int ldb, float beta,
        float* c, int ldc) =>
        _sgemm(
            RowMajor, transA ? Transposed : Plain, transB ? Transposed : Plain, m, n, k, alpha, a, lda, b, ldb, beta, c,
            ldc);

    private static (BlasLibrary? Library, string Reason) Load(string choice)
    {
        lock (Known)
        {
            if (!Known.TryGetValue(choice, out (BlasLibrary? Library, string Reason) known))
                Known[choice] = known = TryLoad(choice);
            return known;
        }
    }

    private static (BlasLibrary? Library, string Reason) TryLoad(string choice)
    {
        BlasThreads.Prepare();
        string[] names = BlasFiles.Of(choice);
        foreach (string name in names)
        {
            if (!NativeLibrary.TryLoad(name, out nint handle))
                continue;
            if (!NativeLibrary.TryGetExport(handle, "cblas_sgemm", out nint sgemm))
                return (null, $"{name} has no function cblas_sgemm");
            if (BlasThreads.HasLongSizes(handle))
                return (null, $"{name} has sizes of 64 bits, and 32 are needed");
            var library = new BlasLibrary(choice, name, handle, sgemm);
            return library.IsRight() ? (library, "")
                : (null, $"{name} computes a wrong product; its sizes may be of 64 bits, and 32 are needed");
        }

        return (null, $"{string.Join(", ", names)} cannot be loaded");
    }

    // A library of other sizes would take the numbers for something else, and say nothing.
    private bool IsRight()
    {
        float* a = stackalloc float[] { 1, 2, 3, 4, 5, 6 };
        float* b = stackalloc float[] { 1, 0, 2, 0, 1, 3 };
        float* c = stackalloc float[] { float.NaN, float.NaN, float.NaN, float.NaN };
        Multiply(false, true, 2, 2, 3, 1, a, 3, b, 3, 0, c, 2);
        return new ReadOnlySpan<float>(c, 4).SequenceEqual([7, 11, 16, 23]);
    }

    private static string? FileOf(nint address)
    {
        using var self = Process.GetCurrentProcess();
        foreach (ProcessModule module in self.Modules)
        {
            if (address >= module.BaseAddress && address < module.BaseAddress + module.ModuleMemorySize)
                return module.FileName;
        }

        return null;
    }
}
