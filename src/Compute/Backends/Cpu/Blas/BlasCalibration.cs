using CaffeActors.Compute.Blobs;
using MatrixProduct = CaffeActors.Compute.Backends.Cpu.Gemm.Gemm;

namespace CaffeActors.Compute.Backends.Cpu.Blas;

/// <summary>Measures, for some tens of milliseconds, whether a library is faster than the engine's own
/// kernels.</summary>
internal static unsafe class BlasCalibration
{
    // A library must be faster by so much: the measurement is short, and what is installed should not matter for
    // nothing.
    private const double LeastGain = 1.15;

    private const int Rounds = 9;

    // The three products of an inner-product layer, and one whose operands do not fit into caches.
    private static readonly (bool TransA, bool TransB, int M, int N, int K)[] Shapes =
    [
        (false, true, 64, 1024, 1024),
        (true, false, 1024, 1024, 64),
        (false, false, 64, 1024, 1024),
        (false, false, 512, 512, 512),
    ];

    /// <summary>The name of the fastest.</summary>
    /// <param name="libraries">What there is beside the engine's own kernels.</param>
    public static string Fastest(IReadOnlyList<BlasLibrary> libraries)
    {
        if (libraries.Count == 0)
            return BlasChoice.Managed;
        using var device = new CpuDevice();
        using var a = new Blob(1024 * 1024);
        using var b = new Blob(1024 * 1024);
        using var c = new Blob(1024 * 1024);
        a.MutableData.Fill(0.5f);
        b.MutableData.Fill(0.25f);
        double[] least = new double[1 + libraries.Count];
        Array.Fill(least, double.MaxValue);
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < least.Length; i++)
                least[i] = Math.Min(least[i], Measure(device, i == 0 ? null : libraries[i - 1], a, b, c));
        }

        return Choose(least[0], [.. libraries.Select((library, i) => (library.Choice, least[i + 1]))]);
    }

    /// <summary>The name of what is to be taken.</summary>
    /// <param name="managed">Seconds of the engine's own kernels.</param>
    /// <param name="libraries">The libraries' names and seconds.</param>
    public static string Choose(double managed, IReadOnlyList<(string Choice, double Seconds)> libraries)
    {
        (string choice, double seconds) = libraries.MinBy(library => library.Seconds);
        return managed >= LeastGain * seconds ? choice : BlasChoice.Managed;
    }

    private static double Measure(CpuDevice device, BlasLibrary? library, Blob a, Blob b, Blob c)
    {
        device.Blas = library;
        long start = TimeProvider.System.GetTimestamp();
        foreach ((bool transA, bool transB, int m, int n, int k) in Shapes)
        {
            MatrixProduct.Run(
                device, transA, transB, m, n, k, 1, a.CpuData, transA ? m : k, b.CpuData, transB ? k : n, 0,
                c.MutableCpuData, n);
        }

        return TimeProvider.System.GetElapsedTime(start).TotalSeconds;
    }
}
