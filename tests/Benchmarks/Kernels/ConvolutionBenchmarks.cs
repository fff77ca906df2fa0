using BenchmarkDotNet.Attributes;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Cpu.Convolution;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Benchmarks.Kernels;

/// <summary>Convolution and its gradients.</summary>
public unsafe class ConvolutionBenchmarks
{
    private CpuDevice? _device;
    private ConvolutionKernel? _kernel;
    private Blob? _x;
    private Blob? _y;
    private Blob? _weights;
    private Blob? _bias;

    /// <summary>The layer.</summary>
    [ParamsSource(nameof(Works))]
    public object Work { get; set; } = ConvolutionCase.All[0];

    /// <summary>The layers.</summary>
    public static IEnumerable<object> Works => ConvolutionCase.All;

    private ConvolutionCase Case => (ConvolutionCase)Work;

    /// <summary>Makes the operands.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _device = KernelSettings.Device();
        ConvolutionGeometry geometry = Case.Geometry;
        _kernel = new ConvolutionKernel(geometry) { IsDepthwiseAllowed = !KernelSettings.IsPlain };
        _x = Operands.Random(Case.Images, geometry.Inputs, geometry.InputPlane);
        _y = Operands.Random(Case.Images, geometry.Outputs, geometry.OutputPlane);
        _weights = Operands.Random(geometry.Outputs, geometry.Depth);
        _bias = Operands.Random(geometry.Outputs);
    }

    /// <summary>The outputs.</summary>
    [Benchmark]
    public void Forward() => _kernel!.Forward(
        _device!, Case.Images, _x!.CpuData, _weights!.CpuData, _bias!.CpuData, _y!.MutableCpuData);

    /// <summary>The inputs' gradient.</summary>
    [Benchmark]
    public void DataGradient() => _kernel!.BackwardData(
        _device!, Case.Images, _weights!.CpuData, _y!.CpuDiff, _x!.MutableCpuDiff);

    /// <summary>The weights' gradient.</summary>
    [Benchmark]
    public void WeightGradient() => _kernel!.BackwardWeights(
        _device!, Case.Images, _x!.CpuData, _y!.CpuDiff, _weights!.MutableCpuDiff);

    /// <summary>Frees the operands.</summary>
    [GlobalCleanup]
    public void CleanUp()
    {
        _device!.Dispose();
        foreach (Blob? blob in (IEnumerable<Blob?>)[_x, _y, _weights, _bias])
            blob!.Dispose();
    }
}
