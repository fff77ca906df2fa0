using System.Text;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Data.Layers;

/// <summary>
/// What one forward pass of a <see cref="BatchLayer"/> hands out: a blob for each top, where the next batch begins,
/// and the keys of the records. It is filled by <see cref="BatchLayer.Load"/> and can be filled again once the layer
/// is done with it; memory is kept. Not thread-safe: it passes from hand to hand.
/// </summary>
public sealed class Batch : IDisposable
{
    private readonly Blob[] _tops;
    private byte[] _keys = [];
    private int[] _keyEnds = [];
    private int _keyCount;

    internal Batch(int tops)
    {
        _tops = new Blob[tops];
        for (int i = 0; i < tops; i++)
            _tops[i] = new Blob();
    }

    /// <summary>One blob for each top of the layer.</summary>
    public IReadOnlyList<Blob> Tops => _tops;

    /// <summary>The layer's position once this batch is consumed: the record number its next batch begins at.</summary>
    public long PositionAfter { get; internal set; }

    /// <summary>The number of its first record, over all epochs.</summary>
    public long First { get; internal set; }

    /// <summary>How many keys its layer told.</summary>
    public int KeyCount => _keyCount;

    /// <summary>The key of a record, or what names it where the source has no keys.</summary>
    /// <param name="item">Its place in the batch.</param>
    public string RecordKey(int item)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(item);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(item, _keyCount);
        int from = item == 0 ? 0 : _keyEnds[item - 1];
        return Encoding.UTF8.GetString(_keys, from, _keyEnds[item] - from);
    }

    /// <summary>Frees the blobs' memory where no top shares it.</summary>
    public void Dispose()
    {
        foreach (Blob blob in _tops)
            blob.Dispose();
    }

    internal void ClearKeys() => _keyCount = 0;

    /// <summary>Tells the key of the next record, for layers that fill the batch: one call for each record.</summary>
    /// <param name="key">What error messages call the record, in UTF-8.</param>
    public void AddKey(ReadOnlySpan<byte> key)
    {
        int from = _keyCount == 0 ? 0 : _keyEnds[_keyCount - 1];
        if (_keyCount == _keyEnds.Length)
            Array.Resize(ref _keyEnds, Math.Max(64, 2 * _keyCount));
        if (_keys.Length < from + key.Length)
            Array.Resize(ref _keys, Math.Max(from + key.Length, 2 * _keys.Length));
        key.CopyTo(_keys.AsSpan(from));
        _keyEnds[_keyCount++] = from + key.Length;
    }
}
