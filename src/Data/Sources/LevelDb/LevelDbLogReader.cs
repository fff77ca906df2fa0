using System.Buffers.Binary;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Files;

namespace CaffeActors.Data.Sources.LevelDb;

/// <summary>
/// Reads the records of a log or a manifest. Unlike LevelDB it takes an unfinished record at the end for an error:
/// a data set whose making was interrupted is not one to train on. Not thread-safe.
/// </summary>
internal sealed class LevelDbLogReader : IDisposable
{
    private readonly string _name;
    private readonly LevelDbFault _fault;
    private readonly FileStream _file;
    private readonly byte[] _block = new byte[LevelDbFormat.LogBlock];
    private byte[] _record = [];
    private int _length;
    private int _filled;
    private int _at;
    private long _blockStart;

    /// <summary>Opens a file.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="fault">The data base's errors.</param>
    public LevelDbLogReader(string name, LevelDbFault fault)
    {
        _name = name;
        _fault = fault;
        _file = fault.Open(name, bufferSize: 0);
    }

    /// <summary>The record that was read last; valid until the next one is.</summary>
    public ReadOnlySpan<byte> Record => _record.AsSpan(0, _length);

    /// <summary>Where it begins in the file.</summary>
    public long RecordStart { get; private set; }

    /// <summary>Reads the next record.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="CaffeException">The file is damaged or ends within a record.</exception>
    public bool Next()
    {
        _length = 0;
        bool begun = false;
        while (TryFragment(out byte kind, out ReadOnlySpan<byte> bytes, out long start))
        {
            bool begins = kind is LevelDbFormat.Whole or LevelDbFormat.First;
            if (begins == begun)
            {
                throw _fault.Damaged(_name, start,
                    begun ? "a record begins before the one before it ends" : "a record's beginning is missing");
            }

            if (begins)
                RecordStart = start;
            begun = true;
            Append(bytes);
            if (kind is LevelDbFormat.Whole or LevelDbFormat.Last)
                return true;
        }

        return begun
            ? throw _fault.Damaged(_name, RecordStart, "the file ends within the record that begins here") : false;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private bool TryFragment(out byte kind, out ReadOnlySpan<byte> bytes, out long start)
    {
        kind = 0;
        bytes = default;
        start = 0;
        while (true)
        {
            int left = _filled - _at;
            if (left < LevelDbFormat.FragmentHeader && !NextBlock())
                return false;
            if (_filled - _at < LevelDbFormat.FragmentHeader)
                throw _fault.Damaged(_name, _blockStart + _at, "the file ends within a record's header");
            ReadOnlySpan<byte> header = _block.AsSpan(_at, LevelDbFormat.FragmentHeader);
            int length = BinaryPrimitives.ReadUInt16LittleEndian(header[4..]);
            kind = header[6];
            if (kind == 0 && length == 0)
            {
                // Room that was reserved and not used.
                _at = _filled;
                continue;
            }

            start = _blockStart + _at;
            if (length > _filled - _at - LevelDbFormat.FragmentHeader)
                throw _fault.Damaged(_name, start, $"{length} bytes of a record are not there");
            if (BinaryPrimitives.ReadUInt32LittleEndian(header)
                != MaskedCrc32C.Of(_block.AsSpan(_at + 6, length + 1)))
            {
                throw _fault.Damaged(_name, start, "the checksum is not that of the record");
            }

            if (kind > LevelDbFormat.Last)
                throw _fault.Damaged(_name, start, $"no part of a record is of kind {kind}");
            bytes = _block.AsSpan(_at + LevelDbFormat.FragmentHeader, length);
            _at += LevelDbFormat.FragmentHeader + length;
            return true;
        }
    }

    private bool NextBlock()
    {
        // Fewer bytes than a header are left at a block's end; at the file's end they are a header that was cut.
        if (_filled is > 0 and < LevelDbFormat.LogBlock && _at < _filled)
            return true;
        _blockStart += _filled;
        _filled = _file.ReadAtLeast(_block, _block.Length, throwOnEndOfStream: false);
        _at = 0;
        return _filled > 0;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        int needed = _length + bytes.Length;
        if (needed < 0)
            throw _fault.Damaged(_name, RecordStart, "a record is longer than 2 GiB");
        if (needed > _record.Length)
            Array.Resize(ref _record, (int)Math.Max(needed, Math.Min(2L * _record.Length, Array.MaxLength)));
        bytes.CopyTo(_record.AsSpan(_length));
        _length = needed;
    }
}
