using System.Runtime.InteropServices;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Cpu.Gemm;
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
        select new Case(
            sizes.Item1, sizes.Item2, sizes.Item3, trans.Item1, trans.Item2,
            extra.Item1, extra.Item2, extra.Item3, factors.Item1, factors.Item2);

    public static TheoryData<string> Families => ["Vector512", "Vector256"];

    private static Gen<float> OneOf(params float[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static KernelFamily Family(string name) =>
        name == "Vector512" ? KernelFamily.Vector512 : KernelFamily.Vector256;

    [Theory]
    [MemberData(nameof(Families))]
    public void Run_AgreesWithDoublePrecisionAtAnyNumberOfThreads(string family)
    {
        CpuDevice[] devices = [.. Enumerable.Range(1, 3).Select(t => new CpuDevice(t) { Kernels = Family(family) })];
        _cases.Sample(one => Check(one, devices), iter: 300, threads: 1);
        foreach (CpuDevice device in devices)
            device.Dispose();
    }

    // The kinds that small random shapes never reach: low rank and few rows against large matrices, several blocks.
    [Theory]
    [InlineData("Vector512", 700, 300, 3, true, false)]
    [InlineData("Vector512", 301, 801, 15, false, false)]
    [InlineData("Vector512", 5, 900, 1001, false, false)]
    [InlineData("Vector512", 16, 523, 401, false, false)]
    [InlineData("Vector512", 13, 37, 4501, false, true)]
    [InlineData("Vector512", 61, 1203, 650, false, false)]
    [InlineData("Vector512", 45, 1100, 641, true, true)]
    [InlineData("Vector256", 700, 300, 3, true, false)]
    [InlineData("Vector256", 301, 801, 15, false, false)]
    [InlineData("Vector256", 5, 900, 1001, false, false)]
    [InlineData("Vector256", 13, 37, 4501, false, true)]
    [InlineData("Vector256", 61, 1203, 650, false, false)]
    public void Run_AgreesOnLargeShapes(string family, int m, int n, int k, bool transA, bool transB)
    {
        CpuDevice[] devices = [.. Enumerable.Range(1, 3).Select(t => new CpuDevice(t) { Kernels = Family(family) })];
        foreach (float beta in (float[])[0, 1])
            Check(new Case(m, n, k, transA, transB, 3, 1, 2, 0.5f, beta), devices);
        foreach (CpuDevice device in devices)
            device.Dispose();
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
        float[]? first = null;
        foreach (CpuDevice device in devices)
        {
            float[] c = [.. c0];
            fixed (float* pa = a, pb = b, pc = c)
            {
                MatrixProduct.Run(
                    device, one.TransA, one.TransB, m, n, k, one.Alpha, pa, lda, pb, ldb, one.Beta, pc, ldc);
            }

            if (first is null)
                Compare(one, a, lda, b, ldb, c0, c, ldc);
            first ??= c;
            Assert.True(
                MemoryMarshal.AsBytes<float>(first).SequenceEqual(MemoryMarshal.AsBytes<float>(c)),
                $"{one}: other bits with {device.Threads} threads");
        }
    }

    private static void Compare(Case one, float[] a, int lda, float[] b, int ldb, float[] c0, float[] c, int ldc)
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
        int M, int N, int K, bool TransA, bool TransB, int ExtraA, int ExtraB, int ExtraC, float Alpha, float Beta);
}
