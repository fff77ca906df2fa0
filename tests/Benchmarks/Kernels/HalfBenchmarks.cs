using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Benchmarks.Kernels;

/// <summary>How fast 16-bit blobs are opened and closed, beside a plain copy of floats.</summary>
public unsafe class HalfBenchmarks
{
    private CpuDevice? _device;
    private Blob? _floats;
    private IDeviceMemory? _halves;
    private Blob? _copy;

    /// <summary>Size and storage.</summary>
    [ParamsSource(nameof(Works))]
    public object Work { get; set; } = HalfCase.All[0];

    /// <summary>Sizes and storages.</summary>
    public static IEnumerable<object> Works => HalfCase.All;

    private HalfCase Case => (HalfCase)Work;

    /// <summary>Makes the blobs.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _device = KernelSettings.Device();
        (_floats, _copy) = (Operands.Random(Case.Count), Operands.Random(Case.Count));
        _halves = _device.Store.Allocate((long)Case.Count * sizeof(ushort));
    }

    /// <summary>Floats become halves.</summary>
    [Benchmark]
    public void Close()
    {
        if (Case.Storage == StorageType.Float32)
            Copy();
        else
            _halves!.WriteHalves(_floats!.CpuData, Case.Count, Case.Storage);
    }

    /// <summary>Halves become floats.</summary>
    [Benchmark]
    public void Open()
    {
        if (Case.Storage == StorageType.Float32)
            Copy();
        else
            _halves!.ReadHalves(_copy!.MutableCpuData, Case.Count, Case.Storage);
    }

    /// <summary>Frees the blobs.</summary>
    [GlobalCleanup]
    public void CleanUp()
    {
        _halves!.Dispose();
        _floats!.Dispose();
        _copy!.Dispose();
        _device!.Dispose();
    }

    private void Copy() => Elementwise.Run(
        _device!, Case.Count, new CopyBody(_floats!.CpuData, _copy!.MutableCpuData));

    private readonly struct CopyBody(float* source, float* target) : IRangeBody
    {
        public void Invoke(int from, int to) =>
            NativeMemory.Copy(source + from, target + from, (nuint)(to - from) * sizeof(float));
    }
}
