using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Nets;

/// <content>Looks for everything that keeps a net from being built.</content>
public sealed partial class NetBuilder
{
    /// <summary>
    /// All that is wrong with a net: connections first, then layer by layer. A layer at fault is left out; what
    /// hangs on its tops cannot be judged and is passed over, but for layers that work in place: their blob stays what
    /// it was before.
    /// </summary>
    /// <param name="parameter">The net, upgraded to today's form; its <c>state</c> says the phase (default
    /// TEST).</param>
    /// <param name="options">Device, seed and layer types.</param>
    /// <returns>What <see cref="Build(NetParameter, NetOptions)"/> would throw, did each not hide the next.</returns>
    public static IReadOnlyList<CaffeException> Problems(NetParameter parameter, NetOptions options)
    {
        List<CaffeException> problems = [];
        HashSet<string> unknown = [];
        NetParameter net = Connected(parameter, options, problems, unknown);
        var builder = new NetBuilder(SplitInserter.Insert(net), options);
        try
        {
            foreach (LayerParameter layer in builder._parameter.Layer)
            {
                if (layer.Bottom.Any(unknown.Contains))
                {
                    problems.AddRange(TypeFault(layer, options));
                    unknown.UnionWith(layer.Top);
                }
                else if (builder.Fault(layer, unknown) is { } fault)
                {
                    problems.Add(fault);
                }
            }
        }
        finally
        {
            foreach (NetLayer layer in builder._layers)
                layer.Layer.Dispose();
            foreach (Blob blob in builder._blobs.Values)
                blob.Dispose();
        }

        return problems;
    }

    // The layers of the net's state whose bottoms are there.
    private static NetParameter Connected(
        NetParameter parameter, NetOptions options, List<CaffeException> problems, HashSet<string> unknown)
    {
        NetParameter net;
        try
        {
            net = NetStates.Filter(parameter, options.Context.Notice);
        }
        catch (CaffeException fault)
        {
            problems.Add(fault);
            return new NetParameter();
        }

        net.State ??= new NetState();
        net.State.Phase = net.State.Phase;
        HashSet<string> made = [];
        LayerParameter[] layers = [.. net.Layer];
        net.Layer.Clear();
        foreach (LayerParameter layer in layers)
        {
            bool hangs = layer.Bottom.Any(unknown.Contains);
            for (int b = 0; b < layer.Bottom.Count && !layer.Bottom.Any(unknown.Contains); b++)
            {
                if (made.Contains(layer.Bottom[b]))
                    continue;
                problems.Add(SplitInserter.Missing(layer, b, made));
                hangs = true;
            }

            if (hangs)
            {
                problems.AddRange(TypeFault(layer, options));
                unknown.UnionWith(layer.Top.Except(made));
                continue;
            }

            net.Layer.Add(layer);
            made.UnionWith(layer.Top);
        }

        return net;
    }

    // Of a layer that cannot be set up: at least its type must be known.
    private static CaffeException[] TypeFault(LayerParameter layer, NetOptions options)
    {
        try
        {
            options.Catalog.Create(layer).Dispose();
            return [];
        }
        catch (CaffeException fault)
        {
            return [fault];
        }
    }

    private CaffeException? Fault(LayerParameter layer, HashSet<string> unknown)
    {
        int layers = _layers.Count, blobs = _blobNames.Count;
        Dictionary<string, LayerLink> before = layer.Bottom.Where(_available.ContainsKey).Distinct()
            .ToDictionary(name => name, name => _available[name]);
        try
        {
            Append(layer);
            return null;
        }
        catch (CaffeException fault)
        {
            foreach (NetLayer entry in _layers.Skip(layers))
                entry.Layer.Dispose();
            _layers.RemoveRange(layers, _layers.Count - layers);
            foreach (string name in _blobNames.Skip(blobs))
            {
                unknown.Add(name);
                _available.Remove(name);
                _blobs.Remove(name, out Blob? blob);
                blob?.Dispose();
            }

            _blobNames.RemoveRange(blobs, _blobNames.Count - blobs);
            unknown.UnionWith(layer.Top.Where(name => !_blobs.ContainsKey(name)));
            foreach ((string name, LayerLink link) in before.Where(entry => layer.Top.Contains(entry.Key)))
                _available[name] = link;
            return fault;
        }
    }
}
