using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Nets.Passes;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Compute.Nets;

/// <summary>
/// Layers connected by named blobs. <see cref="NetBuilder"/> makes one. <see cref="Forward()"/> and
/// <see cref="Backward()"/> are the plain loop over the layers; actors run the same <see cref="ForwardLayer"/> and
/// <see cref="BackwardLayer"/> one by one, as messages arrive. Not thread-safe.
/// </summary>
public sealed class Net : IDisposable
{
    private readonly IReadOnlyDictionary<string, Blob> _blobs;
    private readonly NetRewrites _rewrites;
    private readonly NetMemory? _memory;
    private readonly Action<string> _notice;

    internal Net(
        NetParameter parameter, IReadOnlyList<NetLayer> layers, IReadOnlyList<string> blobNames,
        IReadOnlyDictionary<string, Blob> blobs, IReadOnlyList<string> inputs, IReadOnlyList<string> outputs,
        IReadOnlyList<LearnableParam> learnableParams, NetRewrites rewrites, NetUse? use, NetMemory? memory,
        Action<string> notice)
    {
        Parameter = parameter;
        Layers = layers;
        BlobNames = blobNames;
        _blobs = blobs;
        InputNames = inputs;
        OutputNames = outputs;
        LearnableParams = learnableParams;
        _rewrites = rewrites;
        PassEffects = rewrites.Effects;
        Use = use;
        _memory = memory;
        _notice = notice;
        DebugInfo = parameter.DebugInfo;
    }

    /// <summary>The net's message as it was built: filtered, with splits, without weights.</summary>
    public NetParameter Parameter { get; }

    /// <summary>The net's name.</summary>
    public string Name => Parameter.Name;

    /// <summary>The phase the net was built for.</summary>
    public Phase Phase => Parameter.State.Phase;

    /// <summary>The layers in order.</summary>
    public IReadOnlyList<NetLayer> Layers { get; }

    /// <summary>Names of the blobs, in the order in which they are first made.</summary>
    public IReadOnlyList<string> BlobNames { get; }

    /// <summary>Tops of Input layers.</summary>
    public IReadOnlyList<string> InputNames { get; }

    /// <summary>Blobs that no layer reads, sorted by name.</summary>
    public IReadOnlyList<string> OutputNames { get; }

    /// <summary>The blobs a solver updates, in the order of the layers; shared ones once.</summary>
    public IReadOnlyList<LearnableParam> LearnableParams { get; }

    /// <summary>What graph passes changed when the net was built (<see cref="NetOptions.Passes"/>).</summary>
    public IReadOnlyList<PassEffect> PassEffects { get; }

    /// <summary>Whether each pass tells the mean absolute values of all blobs; each layer then computes what is its
    /// own. To be set between passes.</summary>
    public bool DebugInfo
    {
        get;
        set
        {
            field = value;
            ChooseRewrites();
        }
    }

    /// <summary>Whether blobs are looked at or written between layers, or only some layers run: each layer then
    /// computes what is its own, whatever <see cref="PassEffects"/> says. To be set between passes. Default
    /// false.</summary>
    public bool IsStepwise
    {
        get;
        set
        {
            field = value;
            ChooseRewrites();
        }
    }

    /// <summary>What looks at each layer's blobs when it has run; null, the default, for nobody. To be set between
    /// passes. What is computed does not change with it.</summary>
    public PassScan? Scan { get; set; }

    /// <summary>What the net was built for, and may be used for alone; null: for anything.</summary>
    public NetUse? Use { get; }

    /// <summary>Whether blobs share memory by turns, as <see cref="Use"/> allows: then only whole passes, and those
    /// that begin with the first layer (backward: the last), find what they read.</summary>
    public bool SharesMemory => _memory is not null;

    /// <summary>The blob of a name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public Blob Blob(string name) => _blobs[name];

    /// <summary>Whether there is a blob of a name.</summary>
    public bool HasBlob(string name) => _blobs.ContainsKey(name);

    /// <summary>The first layer of a name, or null.</summary>
    public NetLayer? FindLayer(string name) => Layers.FirstOrDefault(layer => layer.Name == name);

    /// <summary>Runs all layers forward.</summary>
    /// <returns>The weighted loss, summed in the order of the layers.</returns>
    public float Forward()
    {
        float loss = 0;
        for (int rank = 0; rank < Layers.Count; rank++)
            loss += ForwardLayer(rank);
        return loss;
    }

    /// <summary>Runs the layers that need it backward.</summary>
    /// <exception cref="InvalidOperationException">The net was built to run forward only.</exception>
    public void Backward()
    {
        RequireBackward();
        for (int rank = Layers.Count - 1; rank >= 0; rank--)
        {
            if (Layers[rank].NeedBackward)
                BackwardLayer(rank);
        }

        TellTotals();
    }

    /// <summary>Runs one layer forward; its bottoms must be there.</summary>
    /// <returns>Its part of the loss.</returns>
    public float ForwardLayer(int rank)
    {
        float loss = Layers[rank].Forward();
        if (DebugInfo)
            NetDebug.TellForward(Layers[rank], this, _notice);
        Scan?.LookForward(Layers[rank]);
        return loss;
    }

    /// <summary>Runs one layer backward; the diffs of its tops must be there.</summary>
    /// <exception cref="InvalidOperationException">The net was built to run forward only.</exception>
    public void BackwardLayer(int rank)
    {
        RequireBackward();
        Layers[rank].Backward();
        if (DebugInfo)
            NetDebug.TellBackward(Layers[rank], _notice);
        Scan?.LookBackward(Layers[rank]);
    }

    /// <summary>With <see cref="DebugInfo"/>, tells the norms of all parameters; called after a whole backward
    /// pass.</summary>
    public void TellTotals()
    {
        if (DebugInfo)
            NetDebug.TellTotals(this, _notice);
    }

    /// <summary>Shapes all blobs anew, after the shape of an input was changed. Nothing is computed.</summary>
    public void Reshape()
    {
        foreach (NetLayer layer in Layers)
            layer.Layer.Shape(layer.Bottom, layer.Top);
        _memory?.Renew();
    }

    /// <summary>Sets the gradients of all learnable blobs to zero.</summary>
    public void ClearParamDiffs()
    {
        for (int i = 0; i < LearnableParams.Count; i++)
            LearnableParams[i].Blob.ClearDiff();
    }

    /// <summary>Weight of an output in the loss, 0 where it is none.</summary>
    public float LossWeightOf(string blob)
    {
        foreach (NetLayer layer in Layers)
        {
            for (int t = 0; t < layer.TopNames.Count; t++)
            {
                if (layer.TopNames[t] == blob && layer.Layer.LossWeight(t) != 0)
                    return layer.Layer.LossWeight(t);
            }
        }

        return 0;
    }

    /// <summary>Frees all layers and blobs.</summary>
    public void Dispose()
    {
        foreach (NetLayer layer in Layers)
        {
            layer.Layer.Dispose();
            foreach (Blob top in layer.Top)
                top.Dispose();
        }

        _memory?.Dispose();
    }

    /// <summary>To be called before anything runs backward.</summary>
    /// <exception cref="InvalidOperationException">The net was built to run forward only.</exception>
    public void RequireBackward()
    {
        if (Use is { Backward: false })
            throw new InvalidOperationException($"Net '{Name}' was built to run forward only.");
    }

    private void ChooseRewrites() => _rewrites.IsActive = !DebugInfo && !IsStepwise;
}
