using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Layers.Fusion;

/// <summary>
/// Weights and bias of a layer of products with the channel maps behind it multiplied in: W'[o] = f[o] W[o],
/// b'[o] = f[o] b[o] + s[o]. They are kept beside the layer's own, which stay as they are, and are computed anew when
/// anything they follow from was written since.
/// </summary>
internal sealed class FoldedWeights : IDisposable
{
    private readonly Blob _source;
    private readonly Blob? _sourceBias;
    private readonly IChannelMap[] _maps;
    private readonly bool _outputsLast;
    private readonly Blob[] _sources;
    private readonly (SyncedMemory? Memory, long Version)[] _seen;
    private readonly double[] _factors;
    private readonly double[] _summands;

    /// <summary>Prepares them; nothing is computed yet.</summary>
    /// <param name="weights">The layer's weights.</param>
    /// <param name="bias">The layer's bias, or null.</param>
    /// <param name="outputs">Number of outputs: channels of the maps.</param>
    /// <param name="outputsLast">Whether outputs are the weights' last axis and not the first.</param>
    /// <param name="maps">The maps in their order.</param>
    public FoldedWeights(Blob weights, Blob? bias, int outputs, bool outputsLast, IReadOnlyList<IChannelMap> maps)
    {
        _source = weights;
        _sourceBias = bias;
        _maps = [.. maps];
        _outputsLast = outputsLast;
        _sources = [weights, .. bias is null ? [] : (Blob[])[bias], .. maps.SelectMany(map => map.Blobs)];
        _seen = new (SyncedMemory?, long)[_sources.Length];
        _factors = new double[outputs];
        _summands = new double[outputs];
        Weights = new Blob(weights.Shape);
        Bias = new Blob(outputs);
    }

    /// <summary>W', of the shape of the layer's.</summary>
    public Blob Weights { get; }

    /// <summary>b' (outputs).</summary>
    public Blob Bias { get; }

    /// <summary>Bytes they take.</summary>
    public long Bytes => (Weights.Count + (long)Bias.Count) * sizeof(float);

    /// <summary>Computes them anew where that is needed. Each pass begins with it.</summary>
    public void Refresh()
    {
        bool isStale = false;
        for (int i = 0; i < _sources.Length; i++)
        {
            // Another net's memory may have taken the place of the blob's own.
            SyncedMemory memory = _sources[i].DataMemory;
            long version = memory.Version;
            isStale |= !ReferenceEquals(memory, _seen[i].Memory) || version != _seen[i].Version;
            _seen[i] = (memory, version);
        }

        if (!isStale)
            return;
        try
        {
            Compute();
        }
        catch
        {
            Array.Clear(_seen);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Weights.Dispose();
        Bias.Dispose();
    }

    private void Compute()
    {
        Array.Fill(_factors, 1);
        Array.Clear(_summands);
        if (_sourceBias is not null)
        {
            ReadOnlySpan<float> own = _sourceBias.Data;
            for (int o = 0; o < _summands.Length; o++)
                _summands[o] = own[o];
        }

        foreach (IChannelMap map in _maps)
            map.Compose(_factors, _summands);
        Span<float> bias = Bias.MutableData;
        for (int o = 0; o < bias.Length; o++)
            bias[o] = (float)_summands[o];
        int outputs = _factors.Length;
        ReadOnlySpan<float> from = _source.Data;
        Span<float> to = Weights.MutableData;
        if (_outputsLast)
        {
            for (int i = 0; i < to.Length; i++)
                to[i] = (float)(_factors[i % outputs] * from[i]);
            return;
        }

        int length = to.Length / outputs;
        for (int o = 0; o < outputs; o++)
        {
            double factor = _factors[o];
            ReadOnlySpan<float> row = from.Slice(o * length, length);
            Span<float> folded = to.Slice(o * length, length);
            for (int i = 0; i < row.Length; i++)
                folded[i] = (float)(factor * row[i]);
        }
    }
}
