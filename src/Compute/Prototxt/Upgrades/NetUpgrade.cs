using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Prototxt.Upgrades;

/// <summary>
/// Brings nets of every age to the present form, in the steps and order of Caffe: V0 layers (before 2014) to V1, data
/// transformation fields to <c>transform_param</c>, V1 layers (2014) to today's, input fields to an Input layer,
/// parameters of BatchNorm. A net that is up to date is not touched.
/// </summary>
public static class NetUpgrade
{
    /// <summary>
    /// Upgrades a net in place. Messages move to the new layers instead of being copied, stored weights too, and keep
    /// their <see cref="SourcePlaces"/>; new messages get the place of what they replace.
    /// </summary>
    /// <param name="net">The net; after an exception it may be half upgraded.</param>
    /// <exception cref="CaffeException">The net contradicts itself, or a V0 type is unknown.</exception>
    public static UpgradeResult Upgrade(NetParameter net)
    {
        var log = new UpgradeLog();
        Apply(net, log);
        return log.ToResult();
    }

    /// <summary>Upgrades a net in place and tells a log.</summary>
    internal static void Apply(NetParameter net, UpgradeLog log)
    {
        if (net.Layer.Count > 0 && net.Layers.Count > 0)
        {
            throw new CaffeException(
                ErrorCodes.BadNet,
                FailureKind.Configuration,
                $"The net has {net.Layer.Count} 'layer' (today's form) and {net.Layers.Count} 'layers' (the old form): "
                + "their order is unknown. Write all of them as 'layer'.",
                SourcePlaces.Of(net.Layers[0]));
        }

        V0LayersUpgrade.Apply(net, log);
        DataTransformUpgrade.Apply(net, log);
        V1LayersUpgrade.Apply(net, log);
        InputFieldsUpgrade.Apply(net, log);
        BatchNormUpgrade.Apply(net, log);
    }
}
