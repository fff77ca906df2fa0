using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Nets.Memory;

/// <summary>The memory that a net's blobs share by a plan.</summary>
internal sealed class NetMemory : IDisposable
{
    private readonly IReadOnlyList<NetLayer> _layers;
    private readonly IReadOnlyList<string> _outputs;
    private readonly NetUse _use;
    private HostArena? _arena;

    /// <summary>Puts a net's blobs where its plan says. Their values are lost.</summary>
    /// <param name="layers">The layers, set up.</param>
    /// <param name="use">What the net is used for.</param>
    /// <param name="outputs">Blobs that no layer reads.</param>
    public NetMemory(IReadOnlyList<NetLayer> layers, NetUse use, IReadOnlyList<string> outputs)
    {
        _layers = layers;
        _outputs = outputs;
        _use = use;
        Apply(MemoryPlan.Of(layers, use, outputs));
    }

    /// <summary>Makes the plan anew where a blob has outgrown its place. A blob that has left it in the meantime has
    /// memory of its own, so nothing depends on when this is called.</summary>
    public void Renew()
    {
        var plan = MemoryPlan.Of(_layers, _use, _outputs);
        if (plan.Shared.Any(block => !block.Memory.IsPlaced))
            Apply(plan);
    }

    /// <summary>Gives the memory back; the blobs must not be used again.</summary>
    public void Dispose() => _arena?.Dispose();

    private void Apply(MemoryPlan plan)
    {
        HostArena? old = _arena;
        _arena = plan.SharedBytes == 0 ? null : new HostArena(SyncedMemory.RoomFor(plan.SharedBytes));
        for (int i = 0; i < plan.Shared.Count; i++)
            plan.Shared[i].Memory.PlaceIn(_arena, plan.Offsets[i]);
        foreach (ScannedBlock block in plan.All)
        {
            if (block.IsOwn && block.Memory.IsPlaced)
                block.Memory.PlaceIn(null, 0);
        }

        old?.Dispose();
        Recomputation.Apply(_layers, plan);
    }
}
