using CaffeActors.Compute.Schema;
using Google.Protobuf;
using Nvidia = CaffeActors.Compute.Schema.Nvidia;

namespace CaffeActors.Compute.Prototxt.Forks;

/// <summary>
/// Writes out what NVIDIA's fork means without saying it, or says otherwise: no test before training, BatchNorm with
/// a scale and bias of its own (here a Scale layer after it), statistics that are never learned, torch_pooling for
/// <c>round_mode: FLOOR</c>.
/// </summary>
internal static class NvidiaDefaults
{
    // cuDNN's least; the fork never uses a smaller one.
    private const float LeastEps = 1e-5f;
    private const int Statistics = 3;

    /// <summary>Applies them.</summary>
    /// <param name="theirs">The fork's message.</param>
    /// <param name="ours">What became of it; changed.</param>
    public static void Apply(IMessage theirs, IMessage ours)
    {
        switch (theirs, ours)
        {
            case (Nvidia.NetParameter from, NetParameter to):
                ApplyToNet(from, to);
                break;
            case (Nvidia.SolverParameter from, SolverParameter to):
                if (!from.HasTestInitialization)
                    to.TestInitialization = false;
                if (from.NetParam is not null)
                    ApplyToNet(from.NetParam, to.NetParam);
                if (from.TrainNetParam is not null)
                    ApplyToNet(from.TrainNetParam, to.TrainNetParam);
                for (int i = 0; i < from.TestNetParam.Count; i++)
                    ApplyToNet(from.TestNetParam[i], to.TestNetParam[i]);
                break;
        }
    }

    private static void ApplyToNet(Nvidia.NetParameter theirs, NetParameter ours)
    {
        for (int i = theirs.Layer.Count - 1; i >= 0; i--)
        {
            if (theirs.Layer[i].PoolingParam is { TorchPooling: true })
                ours.Layer[i].PoolingParam.RoundMode = PoolingParameter.Types.RoundMode.Floor;
            if (ours.Layer[i].Type != "BatchNorm")
                continue;
            LayerParameter layer = ours.Layer[i];
            TameStatistics(layer);
            Nvidia.BatchNormParameter? norm = theirs.Layer[i].BatchNormParam;
            if (norm is not null && (norm.ScaleBias || norm.ScaleFiller is not null || norm.BiasFiller is not null))
                ours.Layer.Insert(i + 1, ScaleAfter(layer, norm, ours));
        }
    }

    private static void TameStatistics(LayerParameter layer)
    {
        while (layer.Param.Count > Statistics)
            layer.Param.RemoveAt(layer.Param.Count - 1);
        foreach (ParamSpec spec in layer.Param)
            (spec.LrMult, spec.DecayMult) = (0, 0);
        if (layer.BatchNormParam is not { } norm)
            return;

        // In phase TEST the fork reads the kept statistics even so: it is what our unset field does.
        if (norm is { HasUseGlobalStats: true, UseGlobalStats: false })
            norm.ClearUseGlobalStats();
        if (norm.Eps < LeastEps)
            norm.Eps = LeastEps;
    }

    private static LayerParameter ScaleAfter(LayerParameter layer, Nvidia.BatchNormParameter norm, NetParameter net)
    {
        string name = $"{layer.Name}_scale_bias";
        while (net.Layer.Any(other => other.Name == name))
            name += "_";
        LayerParameter scale = new LayerParameter
        {
            Name = name,
            Type = "Scale",
            ScaleParam = new ScaleParameter { BiasTerm = true },
        }.WithPlaceOf(layer);
        scale.Bottom.Add(layer.Top);
        scale.Top.Add(layer.Top);
        scale.Include.Add(layer.Include.Select(rule => rule.Clone()));
        scale.Exclude.Add(layer.Exclude.Select(rule => rule.Clone()));
        if (layer.HasPhase)
            scale.Phase = layer.Phase;
        if (layer.HasForwardType)
            scale.ForwardType = layer.ForwardType;
        if (layer.HasBackwardType)
            scale.BackwardType = layer.BackwardType;
        if (norm.ScaleFiller is not null)
            new ForkTranslation().Copy(norm.ScaleFiller, scale.ScaleParam.Filler = new FillerParameter());
        if (norm.BiasFiller is not null)
            new ForkTranslation().Copy(norm.BiasFiller, scale.ScaleParam.BiasFiller = new FillerParameter());
        return scale;
    }
}
