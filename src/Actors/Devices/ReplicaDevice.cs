using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Layers;

namespace CaffeActors.Actors.Devices;

/// <summary>An opened device of a run.</summary>
/// <param name="Id">What the user calls it.</param>
/// <param name="Cpu">The CPU threads that compute what no accelerator does.</param>
/// <param name="Gpu">The accelerator; null for a CPU.</param>
internal sealed record ReplicaDevice(DeviceId Id, CpuDevice Cpu, GpuDevice? Gpu) : IDisposable
{
    /// <summary>What a layer gets that is placed here.</summary>
    /// <param name="context">What it would get elsewhere.</param>
    public LayerContext Of(LayerContext context) => context with { Device = Cpu, Gpu = Gpu };

    /// <inheritdoc/>
    public void Dispose()
    {
        Gpu?.Dispose();
        Cpu.Dispose();
    }
}
