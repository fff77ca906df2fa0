using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Nets.Memory;

namespace CaffeActors.Compute.Nets;

/// <summary>One row of a net's table.</summary>
/// <param name="Name">The layer.</param>
/// <param name="Type">Its type.</param>
/// <param name="Bottoms">What it reads.</param>
/// <param name="Tops">What it writes, with shapes.</param>
/// <param name="Parameters">Elements of its learnable blobs, shared ones counted where they are owned.</param>
/// <param name="ActivationBytes">Bytes of tops of its own: not in place, not sharing its bottoms' memory.</param>
/// <param name="ForwardFlops">Operations of a forward pass.</param>
/// <param name="NeedBackward">Whether it runs backward.</param>
public sealed record NetSummaryRow(
    string Name, string Type, IReadOnlyList<string> Bottoms, IReadOnlyList<(string Name, int[] Shape)> Tops,
    long Parameters, long ActivationBytes, long ForwardFlops, bool NeedBackward);

/// <summary>A net in figures: its table, and the memory that running and training it takes.</summary>
public sealed class NetSummary
{
    // Layers whose tops are views of their bottoms.
    private static readonly HashSet<string> Views = ["Split", "Flatten", "Reshape"];

    /// <summary>Takes the figures of a net.</summary>
    /// <param name="net">The net.</param>
    /// <param name="prefetchBatches">Batches that each source of data keeps ready; 0 where there is no
    /// prefetching.</param>
    public NetSummary(Net net, int prefetchBatches = 0)
    {
        Rows = [.. net.Layers.Select(Row)];
        Parameters = net.LearnableParams.Sum(param => (long)param.Blob.Count);
        ActivationBytes = Rows.Sum(row => row.ActivationBytes);
        GradientBytes = net.Layers.Sum(layer => layer.Top
            .Where((top, t) => layer.NeedBackward && IsOwn(layer, t)).Sum(top => (long)top.Count * sizeof(float)));
        PrefetchBytes = prefetchBatches * net.Layers.Where(
            layer => layer.Bottom.Length == 0 && layer.Layer.Type != "Input")
            .Sum(layer => layer.Top.Sum(top => (long)top.Count * sizeof(float)));
        ForwardFlops = Rows.Sum(row => row.ForwardFlops);
        ForwardPlan = MemoryPlan.Of(net, new NetUse(Backward: false));
        TrainingPlan = MemoryPlan.Of(net, new NetUse(Backward: true));
    }

    /// <summary>A row for each layer.</summary>
    public IReadOnlyList<NetSummaryRow> Rows { get; }

    /// <summary>Elements of all learnable blobs.</summary>
    public long Parameters { get; }

    /// <summary>Bytes of all blobs' data.</summary>
    public long ActivationBytes { get; }

    /// <summary>Bytes of all blobs' gradients in training.</summary>
    public long GradientBytes { get; }

    /// <summary>Bytes of the batches kept ready.</summary>
    public long PrefetchBytes { get; }

    /// <summary>Operations of a forward pass over one batch.</summary>
    public long ForwardFlops { get; }

    /// <summary>What activations take where the net runs forward, with memory shared and without.</summary>
    public MemoryPlan ForwardPlan { get; }

    /// <summary>What activations and their gradients take where it trains, likewise.</summary>
    public MemoryPlan TrainingPlan { get; }

    /// <summary>Bytes to run the net forward, with memory shared.</summary>
    public long InferenceBytes => (Parameters * sizeof(float)) + ForwardPlan.Bytes + PrefetchBytes;

    /// <summary>Bytes to train the net: parameters, their gradients and history, activations with gradients, memory
    /// shared, and batches kept ready.</summary>
    /// <param name="historyBlocks">Values a solver keeps for each parameter: 1, or 2 for AdaDelta and Adam.</param>
    public long TrainingBytes(int historyBlocks = 1) =>
        (Parameters * sizeof(float) * (2 + historyBlocks)) + TrainingPlan.Bytes + PrefetchBytes;

    private static NetSummaryRow Row(NetLayer layer) => new(
        layer.Name, layer.Layer.Type, layer.BottomNames,
        [.. layer.Top.Select((top, t) => (layer.TopNames[t], top.Shape.ToArray()))],
        layer.Layer.Blobs.Where((_, i) => layer.OwnsParam[i]).Sum(blob => (long)blob.Count),
        layer.Top.Where((_, t) => IsOwn(layer, t)).Sum(top => (long)top.Count * sizeof(float)),
        layer.Layer.ForwardFlops(layer.Bottom, layer.Top), layer.NeedBackward);

    private static bool IsOwn(NetLayer layer, int top) =>
        !Views.Contains(layer.Layer.Type) && !layer.Bottom.Contains(layer.Top[top]);
}
