using CaffeActors.Data.Metrics;

namespace CaffeActors.Live.History;

/// <summary>What a run has measured, in memory: a curve for each metric, the newest time of each layer. Not
/// thread-safe.</summary>
internal sealed class LiveHistory
{
    /// <summary>The most curves; metrics beyond them are left out.</summary>
    public const int MostCurves = 256;

    private readonly Dictionary<(string Split, string Name, int Rank), LiveCurve> _curves = [];
    private readonly List<LiveCurve> _order = [];
    private readonly Dictionary<string, int> _layerRows = [];
    private readonly List<LiveLayer> _layers = [];
    private DateTimeOffset? _began;

    /// <summary>The greatest number of a point.</summary>
    public long Newest { get; private set; }

    /// <summary>The curves in the order in which they began.</summary>
    public IReadOnlyList<LiveCurve> Curves => _order;

    /// <summary>The layers' times, in the order of the net.</summary>
    public IReadOnlyList<LiveLayer> Layers => _layers;

    /// <summary>Forgets all; numbers go on.</summary>
    public void Clear()
    {
        _curves.Clear();
        _order.Clear();
        _layerRows.Clear();
        _layers.Clear();
        _began = null;
    }

    /// <summary>Adds a row.</summary>
    public void Add(in MetricRow row)
    {
        if (row.Name == MetricNames.SegmentStart)
            return;
        if (row.Split == MetricNames.Layer)
        {
            AddLayer(row);
            return;
        }

        _began ??= row.WallTime;
        if (!_curves.TryGetValue((row.Split, row.Name, row.Rank), out LiveCurve? curve))
        {
            if (_order.Count == MostCurves)
                return;
            curve = new LiveCurve(row.Split, row.Name, row.Rank);
            _curves.Add((row.Split, row.Name, row.Rank), curve);
            _order.Add(curve);
        }

        curve.Add(++Newest, row.Step, (row.WallTime - _began.Value).TotalSeconds, row.Value);
    }

    private void AddLayer(in MetricRow row)
    {
        bool forward = row.Name.StartsWith(MetricNames.ForwardPrefix, StringComparison.Ordinal);
        if (!forward && !row.Name.StartsWith(MetricNames.BackwardPrefix, StringComparison.Ordinal))
            return;
        string layer = row.Name[(forward ? MetricNames.ForwardPrefix : MetricNames.BackwardPrefix).Length..];
        if (!_layerRows.TryGetValue(layer, out int at))
        {
            _layerRows[layer] = at = _layers.Count;
            _layers.Add(new LiveLayer(layer, 0, 0));
        }

        _layers[at] = forward ? _layers[at] with { Forward = row.Value } : _layers[at] with { Backward = row.Value };
    }
}
