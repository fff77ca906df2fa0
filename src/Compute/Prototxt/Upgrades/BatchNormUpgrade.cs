using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Prototxt.Upgrades;

/// <summary>
/// BatchNorm layers with exactly three <c>param</c>: their blobs are running statistics, not for the solver to
/// change, so lr_mult and decay_mult of each become 0.
/// </summary>
internal static class BatchNormUpgrade
{
    private const int Statistics = 3;

    /// <summary>Upgrades the BatchNorm layers of a net.</summary>
    public static void Apply(NetParameter net, UpgradeLog log)
    {
        foreach (LayerParameter layer in net.Layer)
        {
            if (layer.Type != "BatchNorm" || layer.Param.Count != Statistics)
                continue;
            bool changed = false;
            foreach (ParamSpec spec in layer.Param.Where(spec => spec.LrMult != 0 || spec.DecayMult != 0))
            {
                (spec.LrMult, spec.DecayMult) = (0, 0);
                changed = true;
            }

            if (changed)
            {
                log.Done(
                    $"Layer '{layer.Name}': the multipliers of BatchNorm's statistics became 0.",
                    SourcePlaces.OfField(layer, "param"));
            }
        }
    }
}
