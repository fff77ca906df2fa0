using System.Buffers.Binary;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Data.Sources.LevelDb;

/// <summary>
/// The records of the logs: what was written and is in no table yet. Caffe's converters leave up to 256 MiB there.
/// They are kept in memory, in the order of their internal keys.
/// </summary>
internal sealed class LevelDbMemory : LevelDbEntries
{
    /// <summary>Stands for the block that they are in.</summary>
    public const int NoBlock = -1;

    private readonly List<Record> _records = [];
    private readonly LevelDbFault _fault;
    private byte[] _key = [];
    private int _at = -1;

    /// <summary>Without records.</summary>
    /// <param name="fault">The data base's errors.</param>
    public LevelDbMemory(LevelDbFault fault) => _fault = fault;

    /// <summary>Number of records, deletions too.</summary>
    public int Count => _records.Count;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Key => _key.AsSpan(0, _records[_at].KeyLength + LevelDbFormat.KeyTail);

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Value => ValueOf(_at);

    /// <inheritdoc/>
    public override int Block => NoBlock;

    /// <inheritdoc/>
    public override int Entry => _at;

    /// <summary>Adds a log's records.</summary>
    /// <param name="name">The file.</param>
    /// <exception cref="CaffeException">It is damaged.</exception>
    public void Add(string name)
    {
        using var reader = new LevelDbLogReader(name, _fault);
        while (reader.Next())
        {
            byte[] batch = GC.AllocateUninitializedArray<byte>(reader.Record.Length, pinned: true);
            reader.Record.CopyTo(batch);
            if (!TryAdd(batch))
                throw _fault.Damaged(name, reader.RecordStart, "the batch that begins here cannot be understood");
        }
    }

    /// <summary>Brings the records in order; to be called once, after the last log.</summary>
    public void Sort() => _records.Sort(static (a, b) =>
    {
        int order = KeyOf(a).SequenceCompareTo(KeyOf(b));
        return order != 0 ? order : b.Tail.CompareTo(a.Tail);
    });

    /// <inheritdoc/>
    public override bool Next()
    {
        if (_at + 1 == _records.Count)
            return false;
        Record record = _records[++_at];
        if (_key.Length < record.KeyLength + LevelDbFormat.KeyTail)
            _key = new byte[record.KeyLength + LevelDbFormat.KeyTail];
        KeyOf(record).CopyTo(_key);
        BinaryPrimitives.WriteUInt64LittleEndian(_key.AsSpan(record.KeyLength), record.Tail);
        return true;
    }

    /// <summary>The user's key of a record.</summary>
    public ReadOnlySpan<byte> KeyOf(int entry) => KeyOf(_records[entry]);

    /// <summary>The value of a record.</summary>
    public ReadOnlySpan<byte> ValueOf(int entry) =>
        _records[entry].Batch.AsSpan(_records[entry].ValueAt, _records[entry].ValueLength);

    /// <inheritdoc/>
    public override Exception Damaged(string what) => _fault.Damaged("log", 0, what);

    private static ReadOnlySpan<byte> KeyOf(Record record) => record.Batch.AsSpan(record.KeyAt, record.KeyLength);

    private bool TryAdd(byte[] batch)
    {
        if (batch.Length < LevelDbFormat.BatchHeader)
            return false;
        ulong sequence = BinaryPrimitives.ReadUInt64LittleEndian(batch);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(batch.AsSpan(sizeof(ulong)));
        var reader = new FieldReader(batch.AsSpan(LevelDbFormat.BatchHeader));
        uint found = 0;
        for (; !reader.AtEnd; found++, sequence++)
        {
            if (!reader.TryByte(out byte kind) || kind > LevelDbFormat.Value
                || !reader.TryText(out ReadOnlySpan<byte> key))
            {
                return false;
            }

            int keyAt = LevelDbFormat.BatchHeader + reader.At - key.Length;
            ReadOnlySpan<byte> value = default;
            if (kind == LevelDbFormat.Value && !reader.TryText(out value))
                return false;
            _records.Add(new Record(batch, keyAt, key.Length,
                LevelDbFormat.BatchHeader + reader.At - value.Length, value.Length, (sequence << 8) | kind));
        }

        return found == count;
    }

    private readonly record struct Record(
        byte[] Batch, int KeyAt, int KeyLength, int ValueAt, int ValueLength, ulong Tail);
}
