using CaffeActors.Compute.Nets;

namespace CaffeActors.Actors.Training;

/// <summary>Finds the first value of a pass that is NaN or infinite, after the pass.</summary>
internal static class PassExam
{
    /// <summary>
    /// Where it is: among parameters and tops in the order of the layers, then among gradients against it; null for
    /// nowhere. Blobs of a net that shares memory among them have made way for others by now: the pass is run again
    /// there, over the same batch and, where that is known, with the same random numbers.
    /// </summary>
    /// <param name="net">The net. Nobody may use it meanwhile; its blobs are another pass's afterwards.</param>
    /// <param name="start">Where its random streams stood; null where that is not known.</param>
    /// <param name="backward">Whether gradients are looked at too.</param>
    public static PassFault? Find(Net net, PassStart? start, bool backward)
    {
        bool again = net.SharesMemory;
        if (again)
            start?.GoBack();
        IReadOnlySet<NetLayer> given = GivenLayers.Of(net);
        var scan = new PassScan(net);
        foreach (NetLayer layer in net.Layers)
        {
            for (int i = 0; i < layer.Layer.Blobs.Count; i++)
            {
                if (!Divergence.IsFinite(layer.Layer.Blobs[i].Data))
                    return new PassFault($"parameter {i} of layer '{layer.Name}'", IsBackward: false);
            }

            if (again && !given.Contains(layer))
                layer.Forward();
            if (!scan.LookForward(layer))
                return scan.Fault;
        }

        return backward ? FindGradient(net, scan, again) : null;
    }

    private static PassFault? FindGradient(Net net, PassScan scan, bool again)
    {
        if (again)
            net.ClearParamDiffs();
        for (int rank = net.Layers.Count - 1; rank >= 0; rank--)
        {
            NetLayer layer = net.Layers[rank];
            if (!layer.NeedBackward)
                continue;
            if (again)
                layer.Backward();
            if (!scan.LookBackward(layer))
                return scan.Fault;
        }

        return null;
    }
}
