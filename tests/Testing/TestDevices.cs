using System.Globalization;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Testing;

/// <summary>
/// Where tests compute: on the CPU, or, with <c>CAFFEACTORS_TEST_DEVICE=gpu:N</c>, on an accelerator. So every test of
/// a layer is one of its GPU path too, where there is one (eng/opencl-run.sh). Tests that use it run one at a time.
/// </summary>
public static class TestDevices
{
    private static readonly Lazy<GpuDevice?> _gpu = new(Open);

    /// <summary>What the device is called: <c>cpu</c> or <c>gpu:N</c>.</summary>
    public static string Name { get; } = Environment.GetEnvironmentVariable("CAFFEACTORS_TEST_DEVICE") ?? "cpu";

    private static readonly Lazy<GpuDevice> _simulation = new(GpuPlatform.OpenSimulation);

    /// <summary>The accelerator, opened once; null for the CPU.</summary>
    public static GpuDevice? Gpu => _gpu.Value;

    /// <summary>The accelerator, or where tests compute on the CPU a simulation of one, for tiny work. Its user locks
    /// <see cref="OneAtATime"/> and binds it to the thread.</summary>
    public static GpuDevice GpuOrSimulation => Gpu ?? _simulation.Value;

    /// <summary>An accelerator of a test's own, of the same kind as <see cref="GpuOrSimulation"/>.</summary>
    /// <param name="number">Which of several: tests on accelerators take as many real ones as there are.</param>
    public static GpuDevice OpenOwn(int number = 0) => Gpu is null
        ? GpuPlatform.OpenSimulation()
        : GpuPlatform.Open((Gpu.Number + number) % GpuPlatform.Count);

    /// <summary>Held by whoever uses <see cref="GpuOrSimulation"/>.</summary>
    public static Lock OneAtATime { get; } = new();

    /// <summary>A parameter that is updated there.</summary>
    public static LearnableParam Param(Blob blob, float lrMult = 1, float decayMult = 1, string name = "w") =>
        new(blob, lrMult, decayMult, name) { Gpu = Gpu };

    private static GpuDevice? Open() => Name.StartsWith("gpu:", StringComparison.Ordinal)
        ? GpuPlatform.Open(int.Parse(Name[4..], CultureInfo.InvariantCulture))
        : null;
}
