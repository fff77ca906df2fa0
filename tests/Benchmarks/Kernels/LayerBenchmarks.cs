using BenchmarkDotNet.Attributes;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;

namespace CaffeActors.Benchmarks.Kernels;

/// <summary>Pooling, normalization, softmax and other layers without products.</summary>
public class LayerBenchmarks
{
    private static readonly bool[] FirstOnly = [true, false];

    private CpuDevice? _device;
    private Layer? _layer;
    private Blob[] _bottom = [];
    private Blob[] _top = [];

    /// <summary>The layer.</summary>
    [ParamsSource(nameof(Works))]
    public object Work { get; set; } = LayerCase.All[0];

    /// <summary>The layers.</summary>
    public static IEnumerable<object> Works => LayerCase.All;

    private LayerCase Case => (LayerCase)Work;

    /// <summary>Makes the layer and its blobs.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _device = KernelSettings.Device();
        _layer = Case.Create();
        _bottom = Case.Labels ? [Operands.Random(Case.Shape), new Blob(Case.Shape[0])] : [Operands.Random(Case.Shape)];
        _top = [new Blob()];
        _layer.SetUp(new LayerContext(_device, seed: 1), _bottom, _top);
        _layer.Forward(_bottom, _top);
        using Blob gradient = Operands.Random(_top[0].Shape);
        _top[0].CopyDiffFrom(gradient);
    }

    /// <summary>The tops.</summary>
    [Benchmark]
    public float Forward() => _layer!.Forward(_bottom, _top);

    /// <summary>The gradients.</summary>
    [Benchmark]
    public void Backward() => _layer!.Backward(_top, FirstOnly, _bottom);

    /// <summary>Frees the layer and its blobs.</summary>
    [GlobalCleanup]
    public void CleanUp()
    {
        _layer!.Dispose();
        foreach (Blob blob in (IEnumerable<Blob>)[.. _bottom, .. _top])
            blob.Dispose();
        _device!.Dispose();
    }
}
