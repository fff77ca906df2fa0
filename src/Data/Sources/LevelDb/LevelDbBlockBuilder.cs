using System.Runtime.InteropServices;

namespace CaffeActors.Data.Sources.LevelDb;

/// <summary>Fills a block with entries whose keys ascend.</summary>
/// <param name="restartEvery">Every so many entries the key is written whole.</param>
internal sealed class LevelDbBlockBuilder(int restartEvery)
{
    private readonly ByteBuilder _bytes = new();
    private readonly List<uint> _restarts = [];
    private byte[] _key = [];
    private int _keyLength;
    private int _entries;

    /// <summary>Bytes so far.</summary>
    public int Length => _bytes.Length;

    /// <summary>The key that was added last; valid until the next is.</summary>
    public ReadOnlySpan<byte> LastKey => _key.AsSpan(0, _keyLength);

    /// <summary>Adds an entry.</summary>
    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        int shared = 0;
        if (_entries++ % restartEvery == 0)
            _restarts.Add((uint)_bytes.Length);
        else
            shared = key.CommonPrefixLength(LastKey);
        _bytes.Varint(shared);
        _bytes.Varint(key.Length - shared);
        _bytes.Varint(value.Length);
        _bytes.Bytes(key[shared..]);
        _bytes.Bytes(value);
        if (_key.Length < key.Length)
            _key = new byte[2 * key.Length];
        key.CopyTo(_key);
        _keyLength = key.Length;
    }

    /// <summary>Writes the restarts; the block is then whole.</summary>
    public ReadOnlySpan<byte> Finish()
    {
        if (_restarts.Count == 0)
            _restarts.Add(0);
        _bytes.Bytes(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_restarts)));
        _bytes.UInt32((uint)_restarts.Count);
        return _bytes.Written;
    }

    /// <summary>Starts the next block.</summary>
    public void Clear()
    {
        _bytes.Clear();
        _restarts.Clear();
        _entries = 0;
    }
}
