using System.Globalization;
using CaffeActors.Compute.Backends.Gpu;

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

    /// <summary>The accelerator, or where tests compute on the CPU a simulation of one, for tiny work. One user at a
    /// time, who binds it to the thread.</summary>
    public static GpuDevice GpuOrSimulation => Gpu ?? _simulation.Value;

    private static GpuDevice? Open() => Name.StartsWith("gpu:", StringComparison.Ordinal)
        ? GpuPlatform.Open(int.Parse(Name[4..], CultureInfo.InvariantCulture))
        : null;
}
