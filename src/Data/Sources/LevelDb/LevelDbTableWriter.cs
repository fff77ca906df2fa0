using CaffeActors.Data.Files;
using Snappier;

namespace CaffeActors.Data.Sources.LevelDb;

/// <summary>
/// Writes one table after the other: blocks of about 64 KiB, Caffe's size, packed with Snappy where that saves an
/// eighth. Not thread-safe.
/// </summary>
/// <param name="folder">Where the files go.</param>
/// <param name="nextNumber">Gives files their numbers.</param>
internal sealed class LevelDbTableWriter(string folder, Func<long> nextNumber) : IDisposable
{
    private const int BlockLength = 1 << 16;
    private const int TableLength = 32 << 20;
    private const int RestartEvery = 16;

    private readonly LevelDbBlockBuilder _block = new(RestartEvery);
    private readonly LevelDbBlockBuilder _index = new(restartEvery: 1);
    private readonly ByteBuilder _place = new();
    private readonly List<LevelDbTable> _tables = [];
    private FileStream? _file;
    private long _number;
    private long _at;
    private byte[] _least = [];
    private byte[] _packed = [];

    /// <summary>Adds a record.</summary>
    /// <param name="key">The internal key, greater than the one before.</param>
    /// <param name="value">The value.</param>
    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (_file is null)
            Start(key);
        _block.Add(key, value);
        if (_block.Length < BlockLength)
            return;
        WriteBlock();
        if (_at >= TableLength)
            Finish();
    }

    /// <summary>Finishes the table at work.</summary>
    /// <returns>The tables since the last call, in the order of their keys.</returns>
    public IReadOnlyList<LevelDbTable> Take()
    {
        if (_file is not null)
            Finish();
        LevelDbTable[] taken = [.. _tables];
        _tables.Clear();
        return taken;
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private void Start(ReadOnlySpan<byte> key)
    {
        _number = nextNumber();
        _file = new FileStream(Path.Combine(folder, LevelDbFormat.TableName(_number)),
            FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 18);
        _at = 0;
        _least = key.ToArray();
    }

    private void Finish()
    {
        byte[] greatest = _block.LastKey.ToArray();
        if (_block.Length > 0)
            WriteBlock();
        var footer = new ByteBuilder();
        // The meta index would name filters; there are none.
        Place(Write(new LevelDbBlockBuilder(RestartEvery).Finish()), footer);
        Place(Write(_index.Finish()), footer);
        _index.Clear();
        footer.Bytes(new byte[LevelDbFormat.FooterHandles - footer.Length]);
        footer.UInt64(LevelDbFormat.Magic);
        _file!.Write(footer.Written);
        _file.Flush(flushToDisk: true);
        _file.Dispose();
        _file = null;
        _tables.Add(new LevelDbTable(_number, _at + LevelDbFormat.Footer, _least, greatest));
    }

    private void WriteBlock()
    {
        (long, int) place = Write(_block.Finish());
        _place.Clear();
        Place(place, _place);
        _index.Add(_block.LastKey, _place.Written);
        _block.Clear();
    }

    private static void Place((long Offset, int Size) place, ByteBuilder target)
    {
        target.Varint(place.Offset);
        target.Varint(place.Size);
    }

    private (long Offset, int Size) Write(ReadOnlySpan<byte> block)
    {
        int longest = Snappy.GetMaxCompressedLength(block.Length);
        if (_packed.Length < longest)
            _packed = new byte[longest];
        int length = Snappy.Compress(block, _packed);
        bool packed = length < block.Length - (block.Length / 8);
        ReadOnlySpan<byte> bytes = packed ? _packed.AsSpan(0, length) : block;
        Span<byte> tail = stackalloc byte[LevelDbFormat.BlockTail];
        tail[0] = packed ? LevelDbFormat.Snappy : LevelDbFormat.Plain;
        BitConverter.TryWriteBytes(tail[1..], MaskedCrc32C.Of(bytes, tail[..1]));
        _file!.Write(bytes);
        _file.Write(tail);
        (long, int) place = (_at, bytes.Length);
        _at += bytes.Length + tail.Length;
        return place;
    }
}
