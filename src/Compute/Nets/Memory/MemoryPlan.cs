namespace CaffeActors.Compute.Nets.Memory;

/// <summary>
/// Where the data and gradients of a net's blobs lie: those that are not needed at the same time share memory. The plan
/// holds for every order in which layers may run. Nets with layers on accelerators are left as they are, and so are
/// blobs kept in 16 bits, which rest in memory of half their size.
/// </summary>
public sealed class MemoryPlan
{
    private MemoryPlan(IReadOnlyList<ScannedBlock> all, long copies, bool shares, EventOrder order)
    {
        All = all;
        Shared = shares ? [.. all.Where(block => !block.IsOwn)] : [];
        (Offsets, SharedBytes) = BlockPlacement.Place([.. Shared.Select(block => block.Block)], order);
        UnplannedBytes = all.Sum(block => block.Memory.Bytes) + copies;
        Bytes = UnplannedBytes - Shared.Sum(block => block.Memory.Bytes) + SharedBytes;
    }

    /// <summary>Bytes of all data and gradients of blobs that the use touches, where each has memory of its own, and of
    /// the copies that layers keep of what they overwrite in place.</summary>
    public long UnplannedBytes { get; }

    /// <summary>The same with this plan.</summary>
    public long Bytes { get; }

    /// <summary>Bytes of the memory that blobs share, a part of <see cref="Bytes"/>.</summary>
    public long SharedBytes { get; }

    /// <summary>All blocks that the use touches.</summary>
    internal IReadOnlyList<ScannedBlock> All { get; }

    /// <summary>The blocks that share memory.</summary>
    internal IReadOnlyList<ScannedBlock> Shared { get; }

    /// <summary>For each of <see cref="Shared"/> where it begins.</summary>
    internal IReadOnlyList<long> Offsets { get; }

    /// <summary>Makes the plan for a net at its present shapes; nothing is changed.</summary>
    /// <param name="net">The net.</param>
    /// <param name="use">What it is used for.</param>
    public static MemoryPlan Of(Net net, NetUse use) => Of(net.Layers, use, net.OutputNames);

    internal static MemoryPlan Of(IReadOnlyList<NetLayer> layers, NetUse use, IEnumerable<string> outputs)
    {
        var order = EventOrder.Of(layers, use.Backward);
        return new MemoryPlan(
            BlockScan.Of(layers, order, use, outputs), layers.Sum(Copies), layers.All(layer => layer.Layer.Gpu is null),
            order);
    }

    // What layers keep to themselves because they work in place, in whatever way the net is used.
    private static long Copies(NetLayer layer) =>
        layer.Layer is { CopiesInPlace: true, KeepsForGradient: true } && layer.Bottom[0] == layer.Top[0]
            ? layer.Bottom[0].DataMemory.Bytes : 0;
}
