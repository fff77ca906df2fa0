using System.Runtime.InteropServices;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Cpu.Gemm;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Random;
using CsCheck;
using MatrixProduct = CaffeActors.Compute.Backends.Cpu.Gemm.Gemm;

namespace CaffeActors.Compute.Tests.Backends.Cpu.Gemm;

public sealed unsafe class GemmTests
{
    private static readonly Gen<int> _length = Gen.Frequency(
        (4, Gen.Int[1, 18]), (4, Gen.Int[19, 90]), (1, Gen.Int[91, 400]), (1, Gen.Const(0)));

    private static readonly Gen<Case> _cases =
        from sizes in Gen.Select(_length, _length, _length)
        from trans in Gen.Select(Gen.Bool, Gen.Bool)
        from extra in Gen.Select(Gen.Int[0, 5], Gen.Int[0, 5], Gen.Int[0, 5])
        from factors in Gen.Select(OneOf(1, 0, 1.7f), OneOf(0, 1, -0.5f))
        from end in Gen.Select(Gen.Bool, Gen.Int[0, 2])
        select new Case(
            sizes.Item1, sizes.Item2, sizes.Item3, trans.Item1, trans.Item2,
            extra.Item1, extra.Item2, extra.Item3, factors.Item1, factors.Item2, end.Item1, Slope(end.Item2));

    public static TheoryData<string> Families => [.. KernelFamilies.Names];

    private static Gen<float> OneOf(params float[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static CpuDevice[] Devices(string family) =>
        [.. Enumerable.Range(1, 3).Select(t => new CpuDevice(t) { Kernels = KernelFamilies.Named(family) })];

    private static float? Slope(int kind) => kind == 0 ? null : kind == 1 ? 0 : 0.25f;

    [Theory]
    [MemberData(nameof(Families))]
    public void Run_AgreesWithDoublePrecisionAtAnyNumberOfThreads(string family)
    {
        CpuDevice[] devices = Devices(family);
        _cases.Sample(one => Check(one, devices), iter: 300, threads: 1);
        foreach (CpuDevice device in devices)
            device.Dispose();
    }

    // The kinds that small random shapes never reach: low rank and few rows against large matrices, several blocks.
    [Theory]
    [InlineData("avx512", 700, 300, 3, true, false)]
    [InlineData("avx512", 301, 801, 15, false, false)]
    [InlineData("avx512", 5, 900, 1001, false, false)]
    [InlineData("avx512", 16, 523, 401, false, false)]
    [InlineData("avx512", 4, 1037, 401, false, false)]
    [InlineData("avx512", 13, 37, 4501, false, true)]
    [InlineData("avx512", 6, 75, 9003, false, true)]
    [InlineData("avx512", 31, 141, 1301, false, true)]
    [InlineData("avx512", 61, 1203, 901, false, false)]
    [InlineData("avx512", 61, 1203, 901, false, true)]
    [InlineData("avx512", 45, 1100, 641, true, true)]
    [InlineData("avx512", 300, 1700, 330, false, true)]
    [InlineData("avx2", 700, 300, 3, true, false)]
    [InlineData("avx2", 301, 801, 15, false, false)]
    [InlineData("avx2", 5, 900, 1001, false, false)]
    [InlineData("avx2", 13, 37, 4501, false, true)]
    [InlineData("avx2", 61, 1203, 901, false, false)]
    [InlineData("portable", 700, 300, 3, true, false)]
    [InlineData("portable", 301, 801, 15, false, false)]
    [InlineData("portable", 4, 900, 1001, false, false)]
    [InlineData("portable", 13, 37, 4501, false, true)]
    [InlineData("portable", 61, 1203, 901, false, true)]
    public void Run_AgreesOnLargeShapes(string family, int m, int n, int k, bool transA, bool transB)
    {
        CpuDevice[] devices = Devices(family);
        foreach (float beta in (float[])[0, 1])
            Check(new Case(m, n, k, transA, transB, 3, 1, 2, 0.5f, beta, beta == 0, beta == 0 ? 0.1f : null), devices);
        foreach (CpuDevice device in devices)
            device.Dispose();
    }

    // So large that it is not kept in the caches, and with rows that start where a register may be stored whole.
    [Theory]
    [MemberData(nameof(Families))]
    public void Run_AgreesWhereCGoesPastTheCaches(string family)
    {
        const int Rows = 2049, Columns = 2064, Depth = 2;
        float[] a = Values(1, Rows * Depth), b = Values(2, Depth * Columns), bias = Values(3, Columns);
        float* c = (float*)NativeMemory.AlignedAlloc((nuint)Rows * Columns * sizeof(float), 64);
        foreach (int threads in (int[])[1, 3])
        {
            using var device = new CpuDevice(threads) { Kernels = KernelFamilies.Named(family) };
            new Span<float>(c, Rows * Columns).Fill(float.NaN);
            fixed (float* pa = a, pb = b, pBias = bias)
            {
                MatrixProduct.Run(
                    device, true, false, Rows, Columns, Depth, 1, pa, Rows, pb, Columns, 0, c, Columns, pBias, 0);
            }

            for (int i = 0; i < Rows; i++)
            {
                for (int j = 0; j < Columns; j++)
                {
                    double sum = bias[j] + ((double)a[i] * b[j]) + ((double)a[Rows + i] * b[Columns + j]);
                    if (Math.Abs(c[(i * Columns) + j] - Math.Max(sum, 0)) > 1e-6)
                        Assert.Fail($"element {i}, {j} is {c[(i * Columns) + j]}, not {Math.Max(sum, 0)}");
                }
            }
        }

        NativeMemory.AlignedFree(c);
    }

    [Fact]
    public void Run_KeepsNaNThroughAReLU()
    {
        using var device = new CpuDevice(1);
        float[] a = [float.NaN, 1], b = [.. Enumerable.Repeat(-1f, 40)], c = new float[80];
        fixed (float* pa = a, pb = b, pc = c)
            MatrixProduct.Run(device, false, false, 2, 40, 1, 1, pa, 1, pb, 40, 0, pc, 40, null, 0);
        Assert.All(c[..40], x => Assert.True(float.IsNaN(x)));
        Assert.All(c[40..], x => Assert.Equal(0, x));
    }

    [Fact]
    public void Of_RefusesKernelsTheMachineLacks()
    {
        Assert.Same(KernelFamily.Vector512, KernelFamily.Of(KernelChoice.Auto, true, true));
        Assert.Same(KernelFamily.Vector256, KernelFamily.Of(KernelChoice.Auto, false, true));
        Assert.Same(KernelFamily.Portable, KernelFamily.Of(KernelChoice.Auto, false, false));
        Assert.Same(KernelFamily.Vector256, KernelFamily.Of(KernelChoice.Avx2, true, true));
        Assert.Same(KernelFamily.Portable, KernelFamily.Of(KernelChoice.Portable, true, true));
        var failure = Assert.Throws<CaffeException>(() => KernelFamily.Of(KernelChoice.Avx512, false, true));
        Assert.Equal((ErrorCodes.BadSetting, FailureKind.Configuration), (failure.Code, failure.Kind));
        Assert.Contains("compute.kernels is avx512", failure.Message, StringComparison.Ordinal);
        Assert.Contains("take auto, avx2 or portable", failure.Message, StringComparison.Ordinal);
        failure = Assert.Throws<CaffeException>(() => KernelFamily.Of(KernelChoice.Avx2, false, false));
        Assert.Contains("take auto or portable", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_AllocatesNothingInSteadyState()
    {
        using var device = new CpuDevice(2);
        float[] a = new float[300 * 300], b = new float[300 * 300], c = new float[300 * 300];
        fixed (float* pa = a, pb = b, pc = c)
        {
            long before = 0;
            for (int round = 0; round < 3; round++)
            {
                before = round < 2 ? GC.GetAllocatedBytesForCurrentThread() : before;
                MatrixProduct.Run(device, false, false, 300, 300, 300, 1, pa, 300, pb, 300, 0, pc, 300);
                MatrixProduct.Run(device, false, true, 9, 300, 300, 1, pa, 300, pb, 300, 1, pc, 300);
                MatrixProduct.Run(device, false, false, 9, 300, 300, 1, pa, 300, pb, 300, 0, pc, 300);
                MatrixProduct.Run(device, true, false, 300, 300, 9, 1, pa, 300, pb, 300, 1, pc, 300);
            }

            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    [Fact]
    public void Run_RefusesSizesThatCannotBe()
    {
        using var device = new CpuDevice(1);
        float x = 0;
        float* p = &x;
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            MatrixProduct.Run(device, false, false, -1, 1, 1, 1, p, 1, p, 1, 0, p, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            MatrixProduct.Run(device, false, false, 1, 4, 1, 1, p, 1, p, 3, 0, p, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            MatrixProduct.Run(device, false, false, 1, 4, 1, 1, p, 1, p, 4, 0, p, 3));
    }

    private static void Check(Case one, CpuDevice[] devices)
    {
        (int m, int n, int k) = (one.M, one.N, one.K);
        int lda = Math.Max(1, (one.TransA ? m : k) + one.ExtraA), ldb = Math.Max(1, (one.TransB ? k : n) + one.ExtraB);
        int ldc = n + one.ExtraC;
        float[] a = Values(1, (one.TransA ? k : m) * lda), b = Values(2, (one.TransB ? n : k) * ldb);
        // With beta 0 nothing that stands in C may come through.
        float[] c0 = one.Beta == 0 ? [.. Enumerable.Repeat(float.NaN, m * ldc)] : Values(3, m * ldc);
        float[] bias = Values(4, n);
        float[]? first = null;
        foreach (CpuDevice device in devices)
        {
            float[] c = [.. c0];
            fixed (float* pa = a, pb = b, pc = c, pBias = bias)
            {
                MatrixProduct.Run(
                    device, one.TransA, one.TransB, m, n, k, one.Alpha, pa, lda, pb, ldb, one.Beta, pc, ldc,
                    one.Biased ? pBias : null, one.Slope);
            }

            if (first is null)
                Compare(one, a, lda, b, ldb, bias, c0, c, ldc);
            first ??= c;
            Assert.True(
                MemoryMarshal.AsBytes<float>(first).SequenceEqual(MemoryMarshal.AsBytes<float>(c)),
                $"{one}: other bits with {device.Threads} threads");
        }
    }

    private static void Compare(
        Case one, float[] a, int lda, float[] b, int ldb, float[] bias, float[] c0, float[] c, int ldc)
    {
        for (int i = 0; i < one.M; i++)
        {
            for (int j = 0; j < ldc; j++)
            {
                int at = (i * ldc) + j;
                if (j >= one.N)
                {
                    Assert.Equal(c0[at], c[at]);
                    continue;
                }

                double sum = 0, size = 0;
                for (int p = 0; p < one.K; p++)
                {
                    double term = one.Alpha * (double)a[one.TransA ? (p * lda) + i : (i * lda) + p]
                        * b[one.TransB ? (j * ldb) + p : (p * ldb) + j];
                    sum += term;
                    size += Math.Abs(term);
                }

                if (one.Beta != 0)
                    (sum, size) = (sum + (one.Beta * (double)c0[at]), size + Math.Abs(one.Beta * c0[at]));
                if (one.Biased)
                    (sum, size) = (sum + bias[j], size + Math.Abs(bias[j]));
                if (one.Slope is { } slope && sum < 0)
                    sum *= slope;
                Assert.True(
                    Math.Abs(c[at] - sum) <= (2e-6 * size) + 1e-12, $"{one}: element {i}, {j} is {c[at]}, not {sum}");
            }
        }
    }

    private static float[] Values(ulong stream, int count)
    {
        var draw = new RandomDraw(5, stream, 0);
        return [.. Enumerable.Range(0, count).Select(i => (2 * draw.Float((uint)i)) - 1)];
    }

    private sealed record Case(
        int M, int N, int K, bool TransA, bool TransB, int ExtraA, int ExtraB, int ExtraC, float Alpha, float Beta,
        bool Biased, float? Slope);
}
