using BenchmarkDotNet.Attributes;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Cpu.Blas;
using CaffeActors.Compute.Backends.Cpu.Gemm;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Benchmarks.Kernels;

/// <summary>The matrix product.</summary>
public unsafe class GemmBenchmarks
{
    private CpuDevice? _device;
    private Blob? _a;
    private Blob? _b;
    private Blob? _c;

    /// <summary>What is multiplied.</summary>
    [ParamsSource(nameof(Works))]
    public object Work { get; set; } = GemmCase.All[0];

    /// <summary>The products.</summary>
    public static IEnumerable<object> Works => GemmCase.All;

    private GemmCase Case => (GemmCase)Work;

    /// <summary>Makes the operands.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _device = KernelSettings.Device();
        _device.Blas = BlasChoice.Open(Case.Blas);
        (_a, _b, _c) = (
            Operands.Random(Case.M, Case.K), Operands.Random(Case.K, Case.N), Operands.Random(Case.M, Case.N));
    }

    /// <summary>The product; those of weights' gradients are added to what is there.</summary>
    [Benchmark]
    public void Product()
    {
        GemmCase work = Case;
        Gemm.Run(
            _device!, work.TransA, work.TransB, work.M, work.N, work.K, 1, _a!.CpuData,
            work.TransA ? work.M : work.K, _b!.CpuData, work.TransB ? work.K : work.N, work.TransA ? 1 : 0,
            _c!.MutableCpuData, work.N);
    }

    /// <summary>Frees the operands.</summary>
    [GlobalCleanup]
    public void CleanUp()
    {
        _device!.Dispose();
        foreach (Blob? blob in (IEnumerable<Blob?>)[_a, _b, _c])
            blob!.Dispose();
    }
}
