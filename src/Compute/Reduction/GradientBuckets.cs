using CaffeActors.Compute.Nets;

namespace CaffeActors.Compute.Reduction;

/// <summary>
/// A net's learnable parameters in the order in which their gradients become complete in a backward pass, joined until
/// a bucket holds a number of bytes. A parameter is complete when the layer of lowest rank that uses it has run
/// backward. Those of layers that never do (frozen ones) are in the last bucket: nothing is to be waited for. Pure.
/// </summary>
public static class GradientBuckets
{
    /// <summary>The buckets of a net, at least one.</summary>
    /// <param name="net">The net.</param>
    /// <param name="bytes">A bucket is full when its gradients take as many bytes, at least 1; one parameter may be
    /// more. <see cref="long.MaxValue"/> makes one bucket of all.</param>
    public static IReadOnlyList<GradientBucket> Of(Net net, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        ILookup<int, int> users = net.Layers.Where(layer => layer.NeedBackward)
            .SelectMany(layer => layer.LearnableParamIds.Distinct().Select(id => (id, layer.Rank)))
            .ToLookup(use => use.id, use => use.Rank);
        IEnumerable<int> order = Enumerable.Range(0, net.LearnableParams.Count)
            .OrderByDescending(id => users[id].DefaultIfEmpty(-1).Min()).ThenBy(id => id);
        List<GradientBucket> buckets = [];
        List<int> open = [];
        long size = 0;
        foreach (int id in order)
        {
            if (size >= bytes && users[id].Any())
                Close();
            open.Add(id);
            size += (long)net.LearnableParams[id].Blob.Count * sizeof(float);
        }

        Close();
        return buckets;

        void Close()
        {
            buckets.Add(new GradientBucket([.. open], [.. open.SelectMany(id => users[id]).Distinct().Order()]));
            (open, size) = ([], 0);
        }
    }
}
