using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Data.Layers;

namespace CaffeActors.Actors.Planning.Validation;

/// <summary>
/// Reads the first records of a net's data and lets the layers that take labels look at them. Only these run, on scores
/// that are zero: what a label may be, each of them says itself.
/// </summary>
/// <param name="net">The net, with its data; its blobs do not share memory.</param>
/// <param name="findings">Hears of labels and records at fault.</param>
internal sealed class LabelCheck(Net net, Findings findings)
{
    private const int RecordsWanted = 500;
    private const int MostBatches = 20;

    private readonly HashSet<string> _labels = [];
    private readonly HashSet<int> _refused = [];

    /// <summary>Looks at the records.</summary>
    /// <returns>How many; 0 where no layer takes labels.</returns>
    public int Look()
    {
        NetLayer[] sources = [.. net.Layers.Where(layer => layer.Layer is BatchLayer)];
        foreach (NetLayer source in sources)
            _labels.UnionWith(source.TopNames.Skip(1));
        // A layer that reads nothing but labels makes labels of them.
        foreach (NetLayer layer in net.Layers.Where(layer => layer.Bottom.Length > 0))
        {
            if (layer.BottomNames.All(_labels.Contains))
                _labels.UnionWith(layer.TopNames);
        }

        NetLayer[] run =
            [.. net.Layers.Where(layer => layer.BottomNames.Any(_labels.Contains) && layer.Top.Length > 0)];
        if (run.Length == 0)
            return 0;
        net.IsStepwise = true;
        int records = 0;
        for (int batch = 0; batch < MostBatches && records < RecordsWanted; batch++)
        {
            if (!sources.All(source => Runs(source, source)))
                return records;
            records += sources.Max(source => ((BatchLayer)source.Layer).BatchSize);
            foreach (NetLayer layer in run)
                Runs(layer, sources[0]);
        }

        return records;
    }

    private bool Runs(NetLayer layer, NetLayer source)
    {
        try
        {
            if (!_refused.Contains(layer.Rank))
                net.ForwardLayer(layer.Rank);
            return true;
        }
        catch (CaffeException failure)
        {
            // Once a layer: data of which one label is wrong have many.
            _refused.Add(layer.Rank);
            string record = failure.BatchItem >= 0
                ? $" (record '{((BatchLayer)source.Layer).RecordKey(failure.BatchItem)}' of layer '{source.Name}')"
                : "";
            if (failure.Kind == FailureKind.Data)
                findings.Add(new CaffeException(failure.Code, failure.Kind, failure.Message + record, failure.Place));
            return false;
        }
    }
}
