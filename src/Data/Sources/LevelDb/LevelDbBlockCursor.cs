using System.Buffers.Binary;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Files;
using Snappier;

namespace CaffeActors.Data.Sources.LevelDb;

/// <summary>
/// Holds one block, checked and unpacked, and walks through its entries. The memory is kept for the next block, and
/// does not move. Not thread-safe.
/// </summary>
/// <param name="tables">The tables whose blocks are read.</param>
internal sealed class LevelDbBlockCursor(LevelDbTables tables)
{
    // No element of a Snappy stream of n bytes makes more than 64 bytes of 3.
    private const int MaxExpansion = 22;

    private LevelDbBlock _block;
    private byte[] _stored = [];
    private byte[] _unpacked = [];
    private byte[] _bytes = [];
    private int _end;
    private int _next;
    private byte[] _key = [];
    private int _keyLength;
    private int _valueAt;
    private int _valueLength;

    /// <summary>The entry, counted from 0; -1 before the first.</summary>
    public int Entry { get; private set; } = -1;

    /// <summary>The entry's key; valid until the cursor moves.</summary>
    public ReadOnlySpan<byte> Key => _key.AsSpan(0, _keyLength);

    /// <summary>The entry's value; valid until another block is loaded.</summary>
    public ReadOnlySpan<byte> Value => _bytes.AsSpan(_valueAt, _valueLength);

    /// <summary>Reads a block; the cursor then stands before its first entry.</summary>
    /// <exception cref="CaffeException">It is damaged.</exception>
    public void Load(LevelDbBlock block)
    {
        _block = block;
        int stored = checked(block.Size + LevelDbFormat.BlockTail);
        Reserve(ref _stored, stored);
        tables.ReadWhole(block.Table, block.Offset, _stored.AsSpan(0, stored));
        ReadOnlySpan<byte> bytes = _stored.AsSpan(0, block.Size);
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(_stored.AsSpan(block.Size + 1));
        if (checksum != MaskedCrc32C.Of(_stored.AsSpan(0, block.Size + 1)))
            throw Damaged("the checksum is not that of the block");
        int length = _stored[block.Size] switch
        {
            LevelDbFormat.Plain => block.Size,
            LevelDbFormat.Snappy => Unpack(bytes),
            byte kind => throw Damaged($"the block is packed in the way {kind}; none and Snappy (1) can be read"),
        };
        _bytes = _stored[block.Size] == LevelDbFormat.Plain ? _stored : _unpacked;
        int restarts = length < sizeof(uint)
            ? -1 : BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(length - sizeof(uint)));
        if (restarts < 0 || restarts > (length - sizeof(uint)) / sizeof(uint))
            throw Damaged("the block's restarts are not there");
        _end = length - ((restarts + 1) * sizeof(uint));
        Rewind();
    }

    /// <summary>Goes back before the first entry.</summary>
    public void Rewind()
    {
        Entry = -1;
        _next = _keyLength = _valueAt = _valueLength = 0;
    }

    /// <summary>Goes to the next entry.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="CaffeException">The entry is damaged.</exception>
    public bool Next()
    {
        if (_next == _end)
            return false;
        var reader = new FieldReader(_bytes.AsSpan(_next, _end - _next));
        if (!reader.TryVarint(out int shared) || !reader.TryVarint(out int rest) || !reader.TryVarint(out int value)
            || shared > _keyLength || !reader.TryBytes(rest, out ReadOnlySpan<byte> key))
        {
            throw Damaged($"entry {Entry + 1} of the block is damaged");
        }

        int at = _next + reader.At;
        if (value > _end - at)
            throw Damaged($"the value of entry {Entry + 1} of the block ends outside");
        if (_key.Length < shared + rest)
            Array.Resize(ref _key, Math.Max(shared + rest, 2 * _key.Length));
        key.CopyTo(_key.AsSpan(shared));
        _keyLength = shared + rest;
        (_valueAt, _valueLength) = (at, value);
        _next = at + value;
        Entry++;
        return true;
    }

    /// <summary>Goes to an entry that is known to be there.</summary>
    /// <exception cref="CaffeException">It is not, or no longer.</exception>
    public void MoveTo(int entry)
    {
        if (entry < Entry)
            Rewind();
        while (Entry < entry)
        {
            if (!Next())
                throw Damaged("the block has changed since it was counted");
        }
    }

    /// <summary>An error that names the block.</summary>
    public CaffeException Damaged(string what) => tables.Fault.Damaged(tables.NameOf(_block), _block.Offset, what);

    private int Unpack(ReadOnlySpan<byte> bytes)
    {
        try
        {
            int length = Snappy.GetUncompressedLength(bytes);
            if (length < 0 || length > (long)MaxExpansion * bytes.Length)
                throw Damaged($"{bytes.Length} bytes cannot be unpacked to {length}");
            Reserve(ref _unpacked, length);
            return Snappy.TryDecompress(bytes, _unpacked.AsSpan(0, length), out int written) && written == length
                ? length : throw Damaged("the block cannot be unpacked");
        }
        catch (InvalidDataException failure)
        {
            throw Damaged($"the block cannot be unpacked: {failure.Message}");
        }
    }

    private static void Reserve(ref byte[] buffer, int length)
    {
        if (buffer.Length < length)
            buffer = GC.AllocateUninitializedArray<byte>(length, pinned: true);
    }
}
