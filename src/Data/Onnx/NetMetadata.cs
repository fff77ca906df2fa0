using System.Globalization;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Data.Onnx;

/// <summary>What whoever runs an exported net must know besides it: how the data are prepared.</summary>
public static class NetMetadata
{
    /// <summary>Reads it from the transformation of the net's first data layer that has one; a net without data layers
    /// tells nothing but its phase.</summary>
    /// <param name="net">The net, its state set, with the layers that read data.</param>
    /// <returns><c>phase</c>, <c>scale</c>, <c>mean_value</c> (separated by commas), <c>mean_file</c>,
    /// <c>crop_size</c>; what is not set is empty.</returns>
    public static IReadOnlyDictionary<string, string> Of(NetParameter net)
    {
        Phase phase = net.State?.Phase ?? Phase.Test;
        Dictionary<string, string> facts = new() { ["phase"] = phase.ToString().ToUpperInvariant() };
        TransformationParameter? transform = NetStates.Filter(net, static _ => { }).Layer
            .Where(layer => layer.Bottom.Count == 0).Select(layer => layer.TransformParam)
            .FirstOrDefault(transform => transform is not null);
        if (transform is null)
            return facts;
        facts["scale"] = transform.HasScale ? Text(transform.Scale) : "";
        facts["mean_value"] = string.Join(',', transform.MeanValue.Select(Text));
        facts["mean_file"] = transform.MeanFile;
        facts["crop_size"] = transform.CropSize > 0 ? transform.CropSize.ToString(CultureInfo.InvariantCulture) : "";
        return facts;
    }

    private static string Text(float value) => value.ToString(CultureInfo.InvariantCulture);
}
