using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Nets.Passes;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Nets;

/// <summary>
/// Builds a net from its message: leaves out the layers that its state excludes, inserts splits, connects and sets up
/// the layers in order, shares parameters by name, and decides who runs backward.
/// </summary>
public sealed partial class NetBuilder
{
    private readonly NetOptions _options;
    private readonly NetParameter _parameter;
    private readonly Action<string> _notice;
    private readonly List<NetLayer> _layers = [];
    private readonly List<string> _blobNames = [];
    private readonly Dictionary<string, Blob> _blobs = [];
    private readonly Dictionary<string, LayerLink> _available = [];
    private readonly HashSet<string> _needBackward = [];
    private readonly List<string> _inputs = [];
    private readonly ParameterSharing _sharing = new();
    private readonly HashSet<Blob> _apart = [];
    private long _elements;

    private NetBuilder(NetParameter parameter, NetOptions options)
    {
        _options = options;
        _notice = options.Context.Notice;
        _parameter = parameter;
    }

    /// <summary>Builds a net.</summary>
    /// <param name="parameter">The net, upgraded to today's form; its <c>state</c> says the phase (default
    /// TEST).</param>
    /// <param name="options">Device, seed and layer types.</param>
    /// <exception cref="CaffeException">The net cannot be built; the place is the layer's in its file.</exception>
    public static Net Build(NetParameter parameter, NetOptions options)
    {
        NetParameter filtered = NetStates.Filter(parameter, options.Context.Notice);
        filtered.State ??= new NetState();
        // The state must say its phase itself: who reads the net later must not have to know the default.
        filtered.State.Phase = filtered.State.Phase;
        var builder = new NetBuilder(SplitInserter.Insert(filtered), options);
        try
        {
            return builder.Build();
        }
        catch
        {
            foreach (NetLayer layer in builder._layers)
                layer.Layer.Dispose();
            foreach (Blob blob in builder._blobs.Values)
                blob.Dispose();
            throw;
        }
    }

    private Net Build()
    {
        foreach (LayerParameter layer in _parameter.Layer)
            Append(layer);
        BackwardPruning.Apply(_layers, _notice);
        if (_parameter.ForceBackward)
            BackwardPruning.Force(_layers);
        if (_options.Use is { Backward: false })
            BackwardPruning.Forbid(_layers);
        OverwrittenTops.Apply(_layers);
        string[] outputs = [.. _available.Keys.Order(StringComparer.Ordinal)];
        KeepInHalf(outputs);
        NetRewrites rewrites = NetRewrites.Make(_layers, _options.Passes, Unread(outputs));
        foreach (string output in outputs)
            _notice($"This network produces output {output}");
        _notice("Network initialization done.");
        _notice($"Memory required for data: {_elements * sizeof(float)}");
        if (rewrites.Notice() is { } passes)
            _notice(passes);
        // Weights now live in the layers; the net's message is its definition alone.
        NetParameter definition = _parameter.Clone();
        foreach (LayerParameter layer in definition.Layer)
            layer.Blobs.Clear();
        return new Net(
            definition, _layers, _blobNames, _blobs, _inputs, outputs, _sharing.Params, rewrites, _options.Use,
            Memory(outputs), _notice);
    }

    // Of a net that runs backward too, a gradient may need what a later layer of a chain would overwrite.
    private IEnumerable<string> Unread(string[] outputs) =>
        _options is { Use: { Backward: false } use, Placement: null }
            ? _blobNames.Except(use.Kept).Except(outputs) : [];

    private NetMemory? Memory(string[] outputs) =>
        _options is { Use: { } use, Placement: null } ? new NetMemory(_layers, use, outputs) : null;

    private void KeepInHalf(string[] outputs)
    {
        if (!StoragePlan.Apply(_parameter, _layers, outputs.Select(name => _blobs[name]), _options.Precision))
            return;
        _notice(Precision.Notice(_parameter, _options.Precision));
        // On an accelerator blobs rest in its own memory, and of several devices each converts for itself alone.
        if (_options.Placement is not null || _layers.Any(layer => layer.Layer.Gpu is not null))
            return;
        foreach (NetLayer layer in _layers)
            layer.Resting = RestingBlobs.Of(layer, _options.Context.Device.Store);
    }

    private void Append(LayerParameter parameter)
    {
        if (!parameter.HasPhase)
            parameter.Phase = _parameter.State.Phase;
        if (parameter.PropagateDown.Count > 0 && parameter.PropagateDown.Count != parameter.Bottom.Count)
        {
            throw Fail(parameter, ErrorCodes.BlobCount,
                $"propagate_down is given {parameter.PropagateDown.Count} times; give it once for each of the "
                + $"{parameter.Bottom.Count} bottom(s), or not at all");
        }

        int rank = _layers.Count;
        Layer layer = _options.Catalog.Create(parameter);
        // Before SetUp: what a layer adds to its own message (BatchNorm's zero rates) does not decide who runs
        // backward.
        float[] lrMults = [.. parameter.Param.Select(spec => spec.LrMult)];
        (Blob[] bottom, LayerLink[] producers) = TakeBottoms(parameter);
        var entry = new NetLayer(rank, layer, bottom, [.. parameter.Bottom], producers);
        _layers.Add(entry);
        MakeTops(entry, parameter);
        SetUp(entry, parameter);
        if (parameter.Param.Count > layer.Blobs.Count)
        {
            throw Fail(parameter, ErrorCodes.BlobCount,
                $"it has {parameter.Param.Count} param entries for {layer.Blobs.Count} learnable blob(s)");
        }

        bool need = parameter.Bottom.Any(_needBackward.Contains);
        entry.BottomNeedBackward = [.. parameter.Bottom.Select((name, b) =>
            b < parameter.PropagateDown.Count ? parameter.PropagateDown[b] : _needBackward.Contains(name))];
        for (int i = 0; i < layer.Blobs.Count; i++)
        {
            bool learns = i >= lrMults.Length || lrMults[i] != 0;
            layer.ParamPropagateDown[i] = learns;
            need |= learns;
        }

        foreach (string name in parameter.Bottom)
            _needBackward.Remove(name);
        if (need)
            _needBackward.UnionWith(entry.TopNames);
        entry.NeedBackward = need;
        _sharing.Append(entry, Precision.Of(_parameter, parameter, _options.Precision));
    }

    private (Blob[] Bottom, LayerLink[] Producers) TakeBottoms(LayerParameter parameter)
    {
        var bottom = new Blob[parameter.Bottom.Count];
        var producers = new LayerLink[bottom.Length];
        for (int b = 0; b < bottom.Length; b++)
        {
            string name = parameter.Bottom[b];
            if (!_available.Remove(name, out producers[b]))
            {
                throw Fail(parameter, ErrorCodes.BadConnection,
                    $"bottom {b} is '{name}', which no layer before it produces, or which it names twice");
            }

            bottom[b] = _blobs[name];
        }

        return (bottom, producers);
    }

    private void MakeTops(NetLayer entry, LayerParameter parameter)
    {
        List<Blob> tops = [];
        List<string> names = [];
        for (int t = 0; t < parameter.Top.Count; t++)
        {
            string name = parameter.Top[t];
            bool inPlace = t < parameter.Bottom.Count && parameter.Bottom[t] == name;
            if (inPlace && IsApart(entry, t))
            {
                // The name is the newest blob's.
                var blob = new Blob();
                tops.Add(blob);
                _blobs[name] = blob;
                _apart.Add(blob);
            }
            else if (inPlace)
            {
                tops.Add(entry.Bottom[t]);
            }
            else if (_blobs.ContainsKey(name))
            {
                throw Fail(parameter, ErrorCodes.BadConnection,
                    $"top '{name}' is already produced by layer '{ProducerOf(name)}'; give it another name");
            }
            else
            {
                var blob = new Blob();
                tops.Add(blob);
                _blobs.Add(name, blob);
                _blobNames.Add(name);
            }

            names.Add(name);
            _available[name] = new LayerLink(entry.Rank, t);
            if (entry.Layer.Type == "Input")
                _inputs.Add(name);
        }

        int wanted = Math.Max(entry.Layer.MinTops, entry.Layer.ExactTops);
        while (entry.Layer.AutoTops && tops.Count < wanted)
        {
            tops.Add(new Blob());
            names.Add("(automatic)");
        }

        entry.Top = [.. tops];
        entry.TopNames = names;
    }

    // A layer that would have to copy its bottom to work in place gains nothing by it where tops are computed again:
    // with a top of its own neither that nor the copy outlasts the pass. So it is with those that follow it.
    private bool IsApart(NetLayer entry, int bottom) =>
        _options is { Use: { Backward: true, Recompute: Recompute.Cheap }, Placement: null, Context.Gpu: null }
        && entry is { Layer.CanRecompute: true, Bottom.Length: 1 }
        && (entry.Layer.CopiesInPlace || _apart.Contains(entry.Bottom[bottom]));

    private void SetUp(NetLayer entry, LayerParameter parameter)
    {
        LayerContext context = _options.ContextOf(parameter);
        try
        {
            entry.Layer.SetUp(context, entry.Bottom, entry.Top);
        }
        catch (CaffeException failure)
        {
            string name = $"layer '{parameter.Name}'";
            string message = failure.Message.StartsWith(name, StringComparison.Ordinal)
                ? failure.Message
                : $"{name} ({parameter.Type}): {failure.Message}";
            throw new CaffeException(
                failure.Code, failure.Kind, message, failure.Place ?? SourcePlaces.Of(parameter), failure);
        }
        catch (Exception fault) when (PlugInFault.Of(entry.Layer, fault) is { } failure)
        {
            throw failure;
        }

        if (context.Gpu is not null && entry.Layer is { Gpu: null, BelongsToHost: false })
        {
            context.Warning(
                $"Layer '{entry.Name}' ({entry.Layer.Type}) has no path for a GPU and runs on the CPU; its bottoms and "
                + "tops are copied.");
        }

        _notice($"Setting up {entry.Name}");
        for (int t = 0; t < entry.Top.Length; t++)
        {
            _notice($"Top shape: {entry.Top[t].ShapeString}");
            _elements += entry.Top[t].Count;
            if (entry.Layer.LossWeight(t) != 0)
                _notice($"    with loss weight {entry.Layer.LossWeight(t)}");
        }
    }

    // A layer whose tops are being made has no names yet: it names the top twice itself.
    private string ProducerOf(string top) =>
        (_layers.FirstOrDefault(layer => layer.TopNames.Contains(top)) ?? _layers[^1]).Name;

    private static CaffeException Fail(LayerParameter layer, string code, string message) =>
        new(code, FailureKind.Configuration, $"layer '{layer.Name}' ({layer.Type}): {message}", SourcePlaces.Of(layer));
}
