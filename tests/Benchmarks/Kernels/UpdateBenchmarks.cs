using BenchmarkDotNet.Attributes;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Benchmarks.Kernels;

/// <summary>Solvers' updates: regularization, update and clearing of the gradients in one pass.</summary>
public class UpdateBenchmarks
{
    private CpuDevice? _device;
    private Blob? _blob;
    private Optimizer? _optimizer;

    /// <summary>The rule.</summary>
    [ParamsSource(nameof(Works))]
    public object Work { get; set; } = UpdateCase.All[0];

    /// <summary>The rules.</summary>
    public static IEnumerable<object> Works => UpdateCase.All;

    /// <summary>Makes the parameters.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _device = KernelSettings.Device();
        _blob = Operands.Random(UpdateCase.Count);
        var solver = new SolverParameter
        {
            Type = ((UpdateCase)Work).Rule,
            BaseLr = 1e-4f,
            LrPolicy = "fixed",
            WeightDecay = 5e-4f,
            Delta = 1e-8f,
        };
        if (solver.Type is "SGD" or "Nesterov" or "AdaDelta" or "Adam")
            solver.Momentum = 0.9f;
        _optimizer = new Optimizer(solver, [new LearnableParam(_blob, 1, 1, "blob")], _device);
    }

    /// <summary>An update.</summary>
    [Benchmark]
    public float Update() => _optimizer!.ApplyUpdate(0, clearGradients: true);

    /// <summary>Frees the parameters.</summary>
    [GlobalCleanup]
    public void CleanUp()
    {
        _optimizer!.Dispose();
        _blob!.Dispose();
        _device!.Dispose();
    }
}
