using System.Runtime.InteropServices;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Cpu.Blas;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Testing;
using MatrixProduct = CaffeActors.Compute.Backends.Cpu.Gemm.Gemm;

namespace CaffeActors.Compute.Tests.Backends.Cpu.Blas;

/// <summary>Products by the engine's own kernels and by all libraries that this machine has.</summary>
public sealed unsafe class BlasTests
{
    private const float Slope = 0.25f;

    private static readonly (int M, int N, int K)[] Sizes =
        [(40, 37, 30), (211, 53, 97), (64, 700, 120), (800, 31, 25), (420, 410, 65)];

    public static TheoryData<string> Choices =>
        [BlasChoice.Managed, .. BlasChoice.Installed.Select(library => library.Choice)];

    [Theory]
    [MemberData(nameof(Choices))]
    public void Products_AgreeWithDoublePrecisionAtAnyNumberOfThreads(string choice)
    {
        foreach ((int m, int n, int k) in Sizes)
        {
            foreach ((bool transA, bool transB) in ((bool, bool)[])[
                (false, false), (false, true), (true, false), (true, true)])
            {
                foreach (float beta in (float[])[0, 1, -0.5f])
                    Check(choice, new Product(m, n, k, transA, transB, 0.75f, beta));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Choices))]
    public void Products_AllocateNothingInSteadyState(string choice)
    {
        using var device = new CpuDevice(2) { Blas = BlasChoice.Open(choice) };
        using Blob a = LayerHarness.RandomBlob(1, [300, 300]), b = LayerHarness.RandomBlob(2, [300, 300]);
        using var c = new Blob(300, 300);
        long before = 0;
        for (int round = 0; round < 3; round++)
        {
            before = round < 2 ? GC.GetAllocatedBytesForCurrentThread() : before;
            MatrixProduct.Run(
                device, false, true, 300, 300, 300, 1, a.CpuData, 300, b.CpuData, 300, 0, c.MutableCpuData, 300);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Libraries_TellWhatTheyAreAndWhereFrom() => Assert.All(BlasChoice.Installed, library =>
    {
        Assert.True(File.Exists(library.Path), library.Path);
        Assert.NotEmpty(library.Description);
        BlasLibrary byPath = BlasLibrary.Open(library.Path);
        Assert.Equal((library.Path, library.Path), (byPath.Choice, byPath.Path));
    });

    [Fact]
    public void MissingLibrary_IsNamedWithWhatToDo()
    {
        CaffeException failure = Assert.Throws<CaffeException>(() => BlasChoice.Open("/nowhere/libblas.so"));
        Assert.Equal((ErrorCodes.BadSetting, FailureKind.Configuration), (failure.Code, failure.Kind));
        Assert.Contains("/nowhere/libblas.so cannot be loaded", failure.Message, StringComparison.Ordinal);
        Assert.Contains("(managed)", failure.Message, StringComparison.Ordinal);
        Assert.Null(BlasLibrary.Find("/nowhere/libblas.so"));
    }

    [Fact]
    public void LibraryWithoutProducts_IsRefused()
    {
        string other = NativeLibraryOfTheRuntime();
        CaffeException failure = Assert.Throws<CaffeException>(() => BlasChoice.Open(other));
        Assert.Contains($"{other} has no function cblas_sgemm", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("openblas", "libopenblas", "libopenblas0-pthread")]
    [InlineData("mkl", "mkl_rt", "intel-mkl")]
    public void Names_HaveFilesAndAdvice(string choice, string file, string package)
    {
        Assert.NotEmpty(BlasFiles.Of(choice));
        Assert.All(BlasFiles.Of(choice), name => Assert.Contains(file, name, StringComparison.Ordinal));
        Assert.Contains(package, BlasFiles.Advice(choice), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("managed")]
    [InlineData("auto")]
    [InlineData("openblas")]
    [InlineData("mkl")]
    [InlineData("/opt/lib/libblis.so")]
    [InlineData("libblis.so.4")]
    public void TryParse_TakesNamesAndPaths(string choice) => Assert.Equal(choice, BlasChoice.TryParse(choice));

    [Theory]
    [InlineData("atlas")]
    [InlineData("")]
    public void TryParse_RefusesOthers(string choice) => Assert.Null(BlasChoice.TryParse(choice));

    [Theory]
    [InlineData("auto", "openblas", "openblas")]
    [InlineData("auto", "managed", "managed")]
    [InlineData("managed", "openblas", "managed")]
    [InlineData("/lib/x.so", "mkl", "/lib/x.so")]
    public void Settle_KeepsWhatAutoWas(string choice, string kept, string settled) =>
        Assert.Equal(settled, BlasChoice.Settle(choice, kept));

    [Fact]
    public void Settle_MeasuresAutoOnce()
    {
        string measured = BlasChoice.Settle(BlasChoice.Auto, kept: null);
        Assert.Contains(measured, Choices.Select(row => row.Data));
        Assert.Same(measured, BlasChoice.Settle(BlasChoice.Auto, kept: null));
    }

    [Theory]
    [InlineData(1.0, 0.9, 0.95, "managed")]
    [InlineData(1.0, 0.8, 0.85, "openblas")]
    [InlineData(1.0, 0.85, 0.5, "mkl")]
    [InlineData(1.0, 2.0, 3.0, "managed")]
    public void Choose_WantsAClearGain(double managed, double openBlas, double mkl, string chosen) =>
        Assert.Equal(chosen, BlasCalibration.Choose(managed, [("openblas", openBlas), ("mkl", mkl)]));

    private static void Check(string choice, Product one)
    {
        int lda = (one.TransA ? one.M : one.K) + 3, ldb = (one.TransB ? one.K : one.N) + 1, ldc = one.N + 2;
        using Blob a = LayerHarness.RandomBlob(1, [one.TransA ? one.K : one.M, lda]);
        using Blob b = LayerHarness.RandomBlob(2, [one.TransB ? one.N : one.K, ldb]);
        using Blob start = LayerHarness.RandomBlob(3, [one.M, ldc]);
        using Blob bias = LayerHarness.RandomBlob(4, [one.N]);
        float[] expected = one.Expected(a.Data, lda, b.Data, ldb, start.Data, ldc);
        for (int i = 0; i < expected.Length; i++)
        {
            float sum = expected[i] + bias.Data[i % one.N];
            expected[i] = sum < 0 ? Slope * sum : sum;
        }

        if (one.Beta == 0)
            start.MutableData.Fill(float.NaN);
        float[]? first = null;
        for (int threads = 1; threads <= 3; threads++)
        {
            using var device = new CpuDevice(threads) { Blas = BlasChoice.Open(choice) };
            using var c = new Blob(one.M, ldc);
            start.Data.CopyTo(c.MutableData);
            MatrixProduct.Run(
                device, one.TransA, one.TransB, one.M, one.N, one.K, one.Alpha, a.CpuData, lda, b.CpuData, ldb,
                one.Beta, c.MutableCpuData, ldc, bias.CpuData, Slope);
            first ??= c.Data.ToArray();
            Assert.True(
                MemoryMarshal.AsBytes<float>(first).SequenceEqual(MemoryMarshal.AsBytes(c.Data)),
                $"{choice}, {one}: other bits on {threads} threads");
        }

        for (int i = 0; i < one.M; i++)
        {
            for (int j = 0; j < one.N; j++)
                Assert.Equal(expected[(i * one.N) + j], first![(i * ldc) + j], 1e-4f);
            // What lies between the rows is not C's.
            Assert.Equal(start.Data[(i * ldc) + one.N], first![(i * ldc) + one.N]);
        }
    }

    private static string NativeLibraryOfTheRuntime() => Directory
        .GetFiles(RuntimeEnvironment.GetRuntimeDirectory(), "*System.Native*")
        .First(file => Path.GetExtension(file) is ".so" or ".dylib" or ".dll");

    private sealed record Product(int M, int N, int K, bool TransA, bool TransB, float Alpha, float Beta)
    {
        public float[] Expected(
            ReadOnlySpan<float> a, int lda, ReadOnlySpan<float> b, int ldb, ReadOnlySpan<float> c, int ldc)
        {
            float[] result = new float[M * N];
            for (int i = 0; i < M; i++)
            {
                for (int j = 0; j < N; j++)
                {
                    double sum = 0;
                    for (int k = 0; k < K; k++)
                    {
                        sum += (double)(TransA ? a[(k * lda) + i] : a[(i * lda) + k])
                            * (TransB ? b[(j * ldb) + k] : b[(k * ldb) + j]);
                    }

                    result[(i * N) + j] = (float)((Alpha * sum) + (Beta * c[(i * ldc) + j]));
                }
            }

            return result;
        }
    }
}
