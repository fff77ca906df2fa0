using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Actors.Training;

/// <summary>Tells of numbers gone wrong, and finds where a loss that is no number came from.</summary>
public static class Divergence
{
    /// <summary>The failure that names the first parameter or blob, in the order of the layers, that is not
    /// finite.</summary>
    public static CaffeException Explain(Net net, int iteration, float loss)
    {
        string where = First(net) is { } found ? $"the first value that is not finite is in {found}"
            : "all blobs are finite";
        return new CaffeException(ErrorCodes.NotFinite, FailureKind.Diverged,
            $"iteration {iteration}: the loss is {LogNumber.Format(loss)}; {where}; "
            + "lower base_lr, clip gradients, or look at the data and labels");
    }

    /// <summary>The failure of an update that made a parameter NaN or infinite.</summary>
    public static CaffeException OfUpdate(LearnableParam param, int iteration) =>
        new(ErrorCodes.NotFinite, FailureKind.Diverged,
            $"iteration {iteration}: the update made '{param.Name}' NaN or infinite; lower base_lr or clip gradients");

    // Tops may have made way for others since they were computed: they are computed again then, but for those that are
    // read, which stay.
    private static string? First(Net net)
    {
        foreach (NetLayer layer in net.Layers)
        {
            for (int i = 0; i < layer.Layer.Blobs.Count; i++)
            {
                if (!IsFinite(layer.Layer.Blobs[i]))
                    return $"parameter {i} of layer '{layer.Name}'";
            }

            if (net.SharesMemory && layer.Bottom.Length > 0)
                layer.Forward();
            for (int t = 0; t < layer.Top.Length; t++)
            {
                if (!IsFinite(layer.Top[t]))
                    return $"top '{layer.TopNames[t]}' of layer '{layer.Name}'";
            }
        }

        return null;
    }

    private static bool IsFinite(Blob blob)
    {
        foreach (float value in blob.Data)
        {
            if (!float.IsFinite(value))
                return false;
        }

        return true;
    }
}
