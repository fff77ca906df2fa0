namespace CaffeActors.Compute.Nets;

/// <summary>Switches off the backward pass of layers that have no part in a loss, or nothing to learn below
/// them.</summary>
internal static class BackwardPruning
{
    public static void Apply(IReadOnlyList<NetLayer> layers, Action<string> notice)
    {
        HashSet<string> underLoss = [];
        HashSet<string> unwanted = [];
        foreach (NetLayer layer in layers.Reverse())
        {
            bool contributes = layer.TopNames
                .Where((name, top) => layer.Layer.LossWeight(top) != 0 || underLoss.Contains(name)).Any();
            // A layer none of whose tops gets a gradient has none to pass on.
            if (layer.NeedBackward && layer.TopNames.All(unwanted.Contains))
            {
                layer.NeedBackward = false;
                Array.Clear(layer.BottomNeedBackward);
            }

            if (!contributes)
            {
                layer.NeedBackward = false;
                Array.Clear(layer.BottomNeedBackward);
            }

            notice(layer.NeedBackward
                ? $"{layer.Name} needs backward computation."
                : $"{layer.Name} does not need backward computation.");
            for (int b = 0; b < layer.BottomNames.Count; b++)
            {
                if (contributes)
                    underLoss.Add(layer.BottomNames[b]);
                if (!layer.BottomNeedBackward[b])
                    unwanted.Add(layer.BottomNames[b]);
            }
        }
    }

    public static void Forbid(IReadOnlyList<NetLayer> layers)
    {
        foreach (NetLayer layer in layers)
        {
            layer.NeedBackward = false;
            Array.Clear(layer.BottomNeedBackward);
            Array.Clear(layer.Layer.ParamPropagateDown);
            layer.Layer.KeepsForGradient = false;
        }
    }

    public static void Force(IReadOnlyList<NetLayer> layers)
    {
        foreach (NetLayer layer in layers)
        {
            layer.NeedBackward = true;
            for (int b = 0; b < layer.BottomNeedBackward.Length; b++)
                layer.BottomNeedBackward[b] |= layer.Layer.AllowForceBackward(b);
            Array.Fill(layer.Layer.ParamPropagateDown, true);
        }
    }
}
