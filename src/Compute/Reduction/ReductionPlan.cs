namespace CaffeActors.Compute.Reduction;

/// <summary>
/// Who adds whose gradients: a tree of pairs over ranks, rank 0 its root, and which device has which rank. The tree
/// depends on the number of devices alone: in round k rank i adds rank i + 2^k, for all multiples i of 2^(k+1). So the
/// sum over n ranks is the sum of the first p plus the sum of the others, p being the greatest power of two below n:
/// for five, ((r0 + r1) + (r2 + r3)) + r4. Which device has which rank follows from how near they are: in each round
/// groups whose first devices share a board are joined first, then peers, then the rest. Pure; thread-safe.
/// </summary>
public sealed class ReductionPlan
{
    private ReductionPlan(int[] devices)
    {
        Devices = devices;
        List<ReductionPair> pairs = [];
        for (int round = 0, step = 1; step < devices.Length; round++, step *= 2)
        {
            for (int parent = 0; parent + step < devices.Length; parent += 2 * step)
                pairs.Add(new ReductionPair(parent, parent + step, round));
        }

        Pairs = pairs;
    }

    /// <summary>By rank, the number of the device that has it; the first one's replica is the root.</summary>
    public IReadOnlyList<int> Devices { get; }

    /// <summary>The pairs, round by round: ceil(log2 n) rounds, n - 1 pairs.</summary>
    public IReadOnlyList<ReductionPair> Pairs { get; }

    /// <summary>The plan of devices of which none is nearer to one than to another: rank i is device i.</summary>
    /// <param name="count">Number of devices, at least 1.</param>
    public static ReductionPlan Of(int count) => Of(count, static (_, _) => DeviceLink.Host);

    /// <summary>The plan of some devices.</summary>
    /// <param name="count">Their number, at least 1.</param>
    /// <param name="link">How near two of them are, by their numbers from 0, the smaller one first.</param>
    public static ReductionPlan Of(int count, Func<int, int, DeviceLink> link)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        List<int[]> groups = [.. Enumerable.Range(0, count).Select(device => (int[])[device])];
        while (groups.Count > 1)
            groups = Join(groups, link);
        return new ReductionPlan(groups[0]);
    }

    /// <summary>The pairs in which a rank adds, in the order in which it does.</summary>
    public IEnumerable<ReductionPair> PairsUnder(int rank) => Pairs.Where(pair => pair.Parent == rank);

    /// <summary>The pair that takes a rank's gradients; null for the root.</summary>
    public ReductionPair? PairAbove(int rank) => Pairs.FirstOrDefault(pair => pair.Child == rank);

    // All groups but perhaps the last are of equal size, and so they stay: a smaller one is joined as a child, and one
    // that finds no partner becomes the last.
    private static List<int[]> Join(List<int[]> groups, Func<int, int, DeviceLink> link)
    {
        int size = groups[0].Length;
        List<int[]> whole = [.. groups.Where(group => group.Length == size)], joined = [];
        foreach (DeviceLink wanted in (DeviceLink[])[DeviceLink.Board, DeviceLink.Peer, DeviceLink.Host])
        {
            for (int i = 0; i < whole.Count; i++)
            {
                int partner = whole.FindIndex(i + 1, other => Between(whole[i], other) >= wanted);
                if (partner < 0)
                    continue;
                joined.Add([.. whole[i], .. whole[partner]]);
                whole.RemoveAt(partner);
                whole.RemoveAt(i--);
            }
        }

        joined = [.. joined.OrderBy(group => group.Min())];
        int[] rest = [.. whole.SelectMany(group => group), .. groups[^1].Length < size ? groups[^1] : []];
        if (rest.Length > 0)
            joined.Add(rest);
        return joined;

        DeviceLink Between(int[] a, int[] b) => link(Math.Min(a[0], b[0]), Math.Max(a[0], b[0]));
    }
}
