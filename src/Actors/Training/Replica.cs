using CaffeActors.Actors.Devices;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Reduction;

namespace CaffeActors.Actors.Training;

/// <summary>A net that trains on one device.</summary>
/// <param name="Device">Where it computes.</param>
/// <param name="Net">The train net.</param>
/// <param name="Passes">Passes of an iteration, whose gradients are added up: <c>iter_size</c>, or with reproducible
/// sums the grains of its share of the batch.</param>
internal sealed record Replica(CpuDevice Device, Net Net, int Passes) : IDisposable
{
    /// <summary>What the user calls the device.</summary>
    public DeviceId Id { get; init; } = DeviceId.FirstCpu;

    /// <summary>The accelerator it computes on; null, the default, for the CPU alone.</summary>
    public GpuDevice? Gpu { get; init; }

    /// <summary>Adds the passes' gradients in the order of the fixed tree; null: each pass adds to the diffs.</summary>
    public GrainSums? Grains { get; init; }

    /// <summary>Its layers' passes, and the time they take.</summary>
    public LayerTimes Times { get; } = new(Net);

    /// <inheritdoc/>
    public void Dispose()
    {
        Grains?.Dispose();
        Net.Dispose();
        Gpu?.Dispose();
        Device.Dispose();
    }
}
