using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Compute.Nets.Memory;

/// <summary>
/// The memory of the host that nets are certain to need, by what it is for. Scratch memory, batches read ahead and the
/// program itself come on top. What lies on accelerators is not counted.
/// </summary>
public sealed class MemoryDemand
{
    private readonly OrderedDictionary<string, long> _parts = [];

    /// <summary>What training needs: parameters, their gradients and blobs of each replica, history once, blobs of test
    /// nets, which use the root's parameters.</summary>
    /// <param name="replicas">The train net of each replica, the root's first.</param>
    /// <param name="optimizer">The root's.</param>
    /// <param name="tests">The test nets.</param>
    public static MemoryDemand OfTraining(
        IReadOnlyList<Net> replicas, Optimizer optimizer, IEnumerable<Net> tests)
    {
        var demand = new MemoryDemand();
        foreach (Net net in replicas)
        {
            demand.AddParameters(net);
            demand.Add("their gradients", Sum(net, Learns));
            demand.AddBlobs(net);
        }

        int learnable = replicas[0].LearnableParams.Count;
        demand.Add("the solver's history",
            Sum(replicas[0], Learns) * (optimizer.History.Count / Math.Max(1, learnable)));
        foreach (Net test in tests)
            demand.AddBlobs(test);
        return demand;
    }

    /// <summary>Adds what a snapshot is written from while training goes on: a copy of parameters and history, on the
    /// host wherever they are trained.</summary>
    /// <param name="net">The train net.</param>
    /// <param name="optimizer">Its optimizer.</param>
    /// <param name="withDiff">Whether gradients are kept too (<c>snapshot_diff</c>).</param>
    public void AddSnapshotCopy(Net net, Optimizer optimizer, bool withDiff) =>
        Add("a snapshot's copy", sizeof(float) * (optimizer.History.Sum(blob => (long)blob.Count)
            + ((withDiff ? 2 : 1) * net.LearnableParams.Sum(param => (long)param.Blob.Count))));

    /// <summary>Adds what is kept of other nodes' gradients while they are summed, and of the own ones to send
    /// them.</summary>
    /// <param name="bytes">How many bytes, at least 0.</param>
    public void AddExchange(long bytes) => Add("what nodes exchange", bytes);

    /// <summary>What running a net forward needs.</summary>
    public static MemoryDemand OfForward(Net net)
    {
        var demand = new MemoryDemand();
        demand.AddParameters(net);
        demand.AddBlobs(net);
        return demand;
    }

    /// <summary>Bytes in all.</summary>
    public long Bytes => _parts.Values.Sum();

    /// <summary>Bytes by what they are for, in the order in which they were added.</summary>
    public IReadOnlyDictionary<string, long> Parts => _parts;

    /// <summary>Refuses what cannot fit.</summary>
    /// <param name="what">What needs the memory: "training".</param>
    /// <param name="limit">Bytes there are.</param>
    /// <exception cref="CaffeException">CFA1702: there is too little.</exception>
    public void RequireFits(string what, long limit)
    {
        if (Bytes <= limit)
            return;
        string parts = string.Join(", ", _parts.Select(part => $"{part.Key} {ByteText.Of(part.Value)}"));
        throw new CaffeException(ErrorCodes.OutOfMemory, FailureKind.Configuration,
            $"{what} needs {ByteText.Of(Bytes)} of memory at least ({parts}), and there are {ByteText.Of(limit)}; "
            + "take a smaller batch size, or keep less: compute.recompute = cheap, compute.precision = bf16 "
            + "(docs/memory.md)");
    }

    private void AddParameters(Net net) => Add("parameters", Sum(net, static _ => true));

    private void AddBlobs(Net net)
    {
        NetUse use = net.Use ?? new NetUse(Backward: false);
        if (net.Layers.Any(layer => layer.Layer.Gpu is not null))
            return;
        var plan = MemoryPlan.Of(net, use);
        Add(use.Backward ? "activations and their gradients" : "activations",
            net.SharesMemory ? plan.Bytes : plan.UnplannedBytes);
    }

    private static bool Learns(LearnableParam param) => param.LrMult != 0;

    private void Add(string part, long bytes)
    {
        if (bytes > 0)
            _parts[part] = _parts.GetValueOrDefault(part) + bytes;
    }

    private static long Sum(Net net, Func<LearnableParam, bool> counts) =>
        net.LearnableParams.Where(param => param.Gpu is null && counts(param))
            .Sum(param => (long)param.Blob.Count * sizeof(float));
}
