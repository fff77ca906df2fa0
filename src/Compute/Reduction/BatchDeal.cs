using System.Numerics;

namespace CaffeActors.Compute.Reduction;

/// <summary>
/// How the records of a batch are dealt out to nodes, and who of them adds whose sums. Each node takes a row of the
/// batch, which its devices share equally. A deal depends on the batch and on the nodes' devices alone. Pure;
/// thread-safe.
/// </summary>
public sealed class BatchDeal
{
    // What counts as one in the batch's loss: a record, a grain, or a node where nothing is dealt out.
    private readonly long[] _parts;
    private readonly long _all;
    private readonly int _grainsOfBatch;

    private BatchDeal(
        IReadOnlyList<NodeShare> shares, IReadOnlyList<ReductionPair> pairs, long[] parts, int grainsOfBatch = 0)
    {
        (Shares, Pairs) = (shares, pairs);
        (_parts, _all, _grainsOfBatch) = (parts, parts.Sum(), grainsOfBatch);
        Records = shares.Sum(share => share.Records);
    }

    /// <summary>By rank, what each takes.</summary>
    public IReadOnlyList<NodeShare> Shares { get; }

    /// <summary>Who adds whose sums; a parent adds in this order.</summary>
    public IReadOnlyList<ReductionPair> Pairs { get; }

    /// <summary>Records that all take together before the next row begins: those of a batch, of grains those of an
    /// iteration; 0 where nothing is dealt out.</summary>
    public long Records { get; }

    /// <summary>Whether nodes hand up sums over grains, which are added as one process adds them; else means, which
    /// differ by rounding.</summary>
    public bool IsReproducible => _grainsOfBatch > 0;

    /// <summary>What the sum of all nodes' gradients is multiplied by, <c>iter_size</c> apart.</summary>
    public float GradientScale => IsReproducible ? 1f / _grainsOfBatch : (float)WeightOf(0);

    /// <summary>Near-even rows in proportion to the nodes' devices; as many of these are used as divide the
    /// row.</summary>
    /// <param name="records">Records of the batch, at least 1.</param>
    /// <param name="devices">By rank, how many each node has, at least 1.</param>
    /// <returns>The deal; null where there are more nodes than records.</returns>
    public static BatchDeal? Even(long records, IReadOnlyList<int> devices)
    {
        Check(records, devices);
        if (devices.Count > records)
            return null;
        long all = devices.Sum(count => (long)count);
        var shares = new NodeShare[devices.Count];
        long end = 0, devicesBefore = 0;
        for (int rank = 0; rank < shares.Length; rank++)
        {
            devicesBefore += devices[rank];
            long begin = end, last = records - (shares.Length - 1 - rank);
            // Nobody goes without, however few devices it has.
            end = Math.Clamp((long)(records * (Int128)devicesBefore / all), begin + 1, last);
            long count = end - begin;
            shares[rank] = new NodeShare(
                begin, count, Largest(devices[rank], used => count % used == 0));
        }

        return new BatchDeal(
            shares, ReductionPlan.Of(shares.Length).Pairs, [.. shares.Select(share => share.Records)]);
    }

    /// <summary>One branch of the <see cref="FixedTree"/> over all grains of an iteration for each node, near-even in
    /// proportion to the nodes' devices: the pairs then add as one process does. Where the number of nodes is no power
    /// of two the branches differ in size.</summary>
    /// <param name="grainsOfBatch">Grains of a batch, at least 1.</param>
    /// <param name="iterSize">Batches of an iteration, at least 1.</param>
    /// <param name="grain">Records of a grain, at least 1.</param>
    /// <param name="devices">By rank, how many each node has, at least 1.</param>
    /// <returns>The deal; null where there are more nodes than grains.</returns>
    public static BatchDeal? Grains(int grainsOfBatch, int iterSize, int grain, IReadOnlyList<int> devices)
    {
        Check(grainsOfBatch, devices);
        ArgumentOutOfRangeException.ThrowIfLessThan(iterSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(grain, 1);
        int all = checked(grainsOfBatch * iterSize);
        if (devices.Count > all)
            return null;
        var branches = new (int First, int Count)[devices.Count];
        List<ReductionPair> pairs = [];
        int[] before = new int[devices.Count + 1];
        for (int rank = 0; rank < devices.Count; rank++)
            before[rank + 1] = before[rank] + devices[rank];
        Branch(0, all, 0, devices.Count);
        NodeShare[] shares =
        [
            .. branches.Select((branch, rank) => new NodeShare(
                (long)branch.First * grain, (long)branch.Count * grain,
                // Local replicas are a branch each: a power of two of grains, or all.
                Largest(devices[rank], used => used == 1
                    || (branch.Count % used == 0 && BitOperations.IsPow2(branch.Count / used))))),
        ];
        return new BatchDeal(
            shares, [.. pairs.OrderBy(pair => pair.Round).ThenBy(pair => pair.Parent)],
            [.. branches.Select(branch => (long)branch.Count)], grainsOfBatch);

        int Branch(int first, int count, int rank, int nodes)
        {
            if (nodes == 1)
            {
                branches[rank] = (first, count);
                return 0;
            }

            int left = FixedTree.Split(count), right = count - left, best = 0;
            double least = double.PositiveInfinity;
            for (int some = Math.Max(1, nodes - right); some <= Math.Min(left, nodes - 1); some++)
            {
                int middle = rank + some;
                double load = Math.Max(
                    (double)left / (before[middle] - before[rank]),
                    (double)right / (before[rank + nodes] - before[middle]));
                // Of equals the last: the first node, which also tests and tells, takes the less.
                if (load <= least)
                    (least, best) = (load, some);
            }

            int round = Math.Max(
                Branch(first, left, rank, best), Branch(first + left, right, rank + best, nodes - best));
            pairs.Add(new ReductionPair(rank, rank + best, round));
            return round + 1;
        }
    }

    /// <summary>Nothing to deal out, since the net reads no batches: all replicas do the same, each node's mean counts
    /// alike.</summary>
    /// <param name="devices">By rank, how many each node has, at least 1.</param>
    public static BatchDeal Alike(IReadOnlyList<int> devices)
    {
        Check(devices.Count, devices);
        return new BatchDeal(
            [.. devices.Select(count => new NodeShare(0, 0, count))], ReductionPlan.Of(devices.Count).Pairs,
            [.. devices.Select(_ => 1L)]);
    }

    /// <summary>What a node multiplies the sum of its own replicas' gradients by before it hands it up: 1 where all
    /// replicas' means count alike.</summary>
    public float FactorOf(int rank) => IsReproducible ? 1 : (float)(WeightOf(rank) / WeightOf(0));

    /// <summary>What a node tells of its replicas' losses.</summary>
    /// <param name="rank">The node.</param>
    /// <param name="losses">By local rank, the mean over a replica's passes; where sums are reproducible their sum in
    /// the order of <see cref="FixedTree"/>.</param>
    public float ToldBy(int rank, ReadOnlySpan<float> losses)
    {
        float sum = FixedTree.Sum(losses);
        return IsReproducible ? sum : sum / losses.Length * _parts[rank];
    }

    /// <summary>The whole batch's loss, added along <see cref="Pairs"/>.</summary>
    /// <param name="told">By rank, what <see cref="ToldBy"/> gave; it is overwritten.</param>
    public float LossOf(Span<float> told)
    {
        for (int i = 0; i < Pairs.Count; i++)
            told[Pairs[i].Parent] += told[Pairs[i].Child];
        return told[0] / _all;
    }

    // By rank, the weight of one replica's mean in the batch's.
    private double WeightOf(int rank) => (double)_parts[rank] / Shares[rank].Devices / _all;

    private static int Largest(int devices, Func<int, bool> fits) =>
        Enumerable.Range(1, devices).Last(used => fits(used));

    private static void Check(long parts, IReadOnlyList<int> devices)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parts, 1);
        ArgumentOutOfRangeException.ThrowIfZero(devices.Count);
        foreach (int count in devices)
            ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
    }
}
