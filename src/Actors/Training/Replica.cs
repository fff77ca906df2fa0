using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Actors.Training;

/// <summary>A net that trains on one device, with what its solver keeps for it.</summary>
/// <param name="Device">Where it computes.</param>
/// <param name="Net">The train net.</param>
/// <param name="Optimizer">Its update rule and history.</param>
/// <param name="IterSize">Passes an iteration adds up (<c>iter_size</c>).</param>
internal sealed record Replica(CpuDevice Device, Net Net, Optimizer Optimizer, int IterSize) : IDisposable
{
    /// <summary>
    /// Whether diffs keep the update values after an iteration (for <c>snapshot_diff</c>) and are cleared before the
    /// next; else the update clears them in passing. Default false.
    /// </summary>
    public bool KeepsUpdates { get; init; }

    /// <summary>Its layers' passes, and the time they take.</summary>
    public LayerTimes Times { get; } = new(Net);

    /// <inheritdoc/>
    public void Dispose()
    {
        Optimizer.Dispose();
        Net.Dispose();
        Device.Dispose();
    }
}
