using CaffeActors.Compute.Schema;

namespace CaffeActors.Benchmarks.Nets;

/// <summary>Takes layers out of a net's message, whose data layers are inputs already.</summary>
internal static class NetVariants
{
    /// <summary>Leaves out all layers of a type that have one bottom and one top: what read the top reads the
    /// bottom.</summary>
    public static void LeaveOutType(NetParameter net, string type)
    {
        Dictionary<string, string> standIn = [];
        foreach (LayerParameter layer in net.Layer.ToList())
        {
            for (int i = 0; i < layer.Bottom.Count; i++)
                layer.Bottom[i] = standIn.GetValueOrDefault(layer.Bottom[i], layer.Bottom[i]);
            if (layer.Type != type)
                continue;
            standIn[layer.Top[0]] = layer.Bottom[0];
            net.Layer.Remove(layer);
        }
    }

    /// <summary>Removes the layers whose names begin with one of some prefixes; nothing that stays may read
    /// them.</summary>
    public static void Remove(NetParameter net, params string[] prefixes)
    {
        foreach (LayerParameter layer in net.Layer.ToList())
        {
            if (prefixes.Any(prefix => layer.Name.StartsWith(prefix, StringComparison.Ordinal)))
                net.Layer.Remove(layer);
        }
    }

    /// <summary>Removes an input, the layers that read it, and those that read what they made.</summary>
    public static void RemoveReaders(NetParameter net, string input)
    {
        HashSet<string> gone = [input];
        foreach (LayerParameter layer in net.Layer.ToList())
        {
            if (layer.Bottom.Any(gone.Contains))
            {
                gone.UnionWith(layer.Top);
                net.Layer.Remove(layer);
            }
            else if (layer.Top.IndexOf(input) is >= 0 and int top)
            {
                layer.Top.RemoveAt(top);
                layer.InputParam.Shape.RemoveAt(top);
            }
        }
    }
}
