using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Metrics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Reduction;

namespace CaffeActors.Actors.Training;

/// <summary>A net that trains on one device, or on several that share its layers.</summary>
/// <param name="Device">The CPU threads of its first device.</param>
/// <param name="Net">The train net.</param>
/// <param name="Passes">Passes of an iteration, whose gradients are added up: <c>iter_size</c>, or with reproducible
/// sums the grains of its share of the batch.</param>
internal sealed record Replica(CpuDevice Device, Net Net, int Passes) : IDisposable
{
    /// <summary>Its devices, the one of <see cref="Device"/> first.</summary>
    public IReadOnlyList<ReplicaDevice> Devices { get; init; } = [new(DeviceId.FirstCpu, Device, null)];

    /// <summary>Which layers run on which of several devices; null: all run on the one.</summary>
    public LayerPlacement? Placement { get; init; }

    /// <summary>How a batch goes through the net in parts; null: as a whole.</summary>
    public Pipeline? Pipeline { get; init; }

    /// <summary>What the user calls its first device.</summary>
    public DeviceId Id => Devices[0].Id;

    /// <summary>The accelerator of its first device; null for a CPU.</summary>
    public GpuDevice? Gpu => Devices[0].Gpu;

    /// <summary>The net of the last pass: <see cref="Net"/>, or the copy of it that the last part of a batch goes
    /// through.</summary>
    public Net LastNet => Pipeline?.Slots[^1].Net ?? Net;

    /// <summary>Adds the passes' gradients in the order of the fixed tree; null: each pass adds to the diffs.</summary>
    public GrainSums? Grains { get; init; }

    /// <summary>Its layers' passes, and the time they take.</summary>
    public LayerTimes Times => Pipeline?.Slots[0].Times ?? _times;

    /// <summary>Where the random streams stood when the last pass of <see cref="Net"/> began.</summary>
    public PassStart Start => Pipeline?.Slots[0].Start ?? _start;

    /// <summary>What is found in the blobs of <see cref="Net"/> in an iteration that is looked at.</summary>
    public PassScan Scan { get; init; } = new(Net);

    /// <summary>What its actor does.</summary>
    public ActorActivity Activity { get; } = new("replica");

    private readonly LayerTimes _times = new(Net);
    private readonly PassStart _start = new(Net);

    /// <summary>What a net is built with that runs on the replica's devices.</summary>
    /// <param name="context">What its layers get.</param>
    /// <param name="catalog">The layer types.</param>
    public NetOptions Options(LayerContext context, LayerCatalog catalog)
    {
        var options = new NetOptions(Devices[0].Of(context), catalog);
        return Placement?.Place(options) ?? options;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Pipeline?.Dispose();
        Grains?.Dispose();
        Net.Dispose();
        foreach (ReplicaDevice device in Devices)
            device.Dispose();
    }
}
