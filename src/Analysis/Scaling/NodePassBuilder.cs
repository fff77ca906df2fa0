using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Reduction;

namespace CaffeActors.Analysis.Scaling;

/// <summary>Makes what a node does of a net and of what its layers take.</summary>
public static class NodePassBuilder
{
    // Reads gradient, history and parameter, writes the latter two.
    private const int UpdateTouches = 5;

    /// <summary>A pass whose layers' times are measured.</summary>
    /// <param name="net">The net, as it is trained.</param>
    /// <param name="forward">Seconds of a layer's forward pass.</param>
    /// <param name="backward">Seconds of its backward pass.</param>
    /// <param name="bucketBytes">Gradients that travel together, at least 1.</param>
    /// <param name="memoryBytesPerSecond">What the update reads and writes in a second, above 0.</param>
    public static NodePass Of(
        Net net, Func<NetLayer, double> forward, Func<NetLayer, double> backward, long bucketBytes,
        double memoryBytesPerSecond)
    {
        double[] done = new double[net.Layers.Count];
        double now = net.Layers.Sum(forward);
        for (int rank = net.Layers.Count - 1; rank >= 0; rank--)
        {
            if (net.Layers[rank].NeedBackward)
                now += backward(net.Layers[rank]);
            done[rank] = now;
        }

        PassBucket[] buckets =
        [
            .. GradientBuckets.Of(net, bucketBytes).SelectMany(bucket => Parts(
                bucket.Layers.Select(rank => done[rank]).DefaultIfEmpty(now).Max(),
                bucket.Params.Sum(id => (double)net.LearnableParams[id].Blob.Count * sizeof(float)), bucketBytes)),
        ];
        return new NodePass(now, buckets.Sum(bucket => bucket.Bytes) * UpdateTouches / memoryBytesPerSecond, buckets);
    }

    /// <summary>A pass whose layers take what their operations take: backward twice as many as forward where there are
    /// parameters, one half for them and one for the bottoms, and as many where there are none.</summary>
    /// <param name="net">The net, as it is trained.</param>
    /// <param name="passSeconds">Seconds of the whole pass; null: as <paramref name="flops"/> says.</param>
    /// <param name="flops">Operations of a second, above 0.</param>
    /// <param name="bucketBytes">Gradients that travel together, at least 1.</param>
    /// <param name="memoryBytesPerSecond">What the update reads and writes in a second, above 0.</param>
    public static NodePass OfOperations(
        Net net, double? passSeconds, double flops, long bucketBytes, double memoryBytesPerSecond)
    {
        double all = net.Layers.Sum(Forward)
            + net.Layers.Where(layer => layer.NeedBackward).Sum(Backward);
        double second = passSeconds is { } seconds ? all / seconds : flops;
        return Of(
            net, layer => Forward(layer) / second, layer => Backward(layer) / second, bucketBytes,
            memoryBytesPerSecond);
    }

    private static double Forward(NetLayer layer) => layer.Layer.ForwardFlops(layer.Bottom, layer.Top);

    private static double Backward(NetLayer layer)
    {
        bool hasParameters = layer.LearnableParamIds.Count > 0;
        bool hasDiffs = layer.BottomNeedBackward.Any(needs => needs);
        return Forward(layer) * ((hasParameters ? 1 : 0) + (hasDiffs || !hasParameters ? 1 : 0));
    }

    // A large parameter travels in parts, each on its way while those behind it still wait for theirs.
    private static IEnumerable<PassBucket> Parts(double ready, double bytes, long most)
    {
        int count = Math.Max(1, (int)Math.Ceiling(bytes / most));
        return Enumerable.Repeat(new PassBucket(ready, bytes / count), count);
    }
}
