using System.Buffers.Binary;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Data.Sources.LevelDb;

/// <summary>
/// Makes a LevelDB: tables that do not overlap, all in the last level, and an empty log. LevelDB, and thus Caffe,
/// reads it and can go on writing to it. Keys in ascending order go straight into the tables; once one does not
/// ascend, records are gathered in memory, written as sorted runs, and the runs merged at the end. CURRENT comes last,
/// so a folder that was not finished is never taken for a data base. Not thread-safe.
/// </summary>
public sealed class LevelDbWriter : RecordWriter
{
    private readonly int _memoryLimit;
    private readonly List<IReadOnlyList<LevelDbTable>> _runs = [];
    private readonly List<(byte[] Key, byte[] Value)> _memory = [];
    private readonly LevelDbTableWriter _tables;
    private byte[] _key = [];
    private int _keyLength = -1;
    private bool _ascending = true;
    private long _memoryBytes;
    private long _lastNumber;

    /// <summary>Starts a data base.</summary>
    /// <param name="folder">Its folder, which is made where it is missing and must be empty.</param>
    /// <param name="memoryLimit">Bytes of records gathered in memory where keys do not ascend; default 128 MiB.</param>
    /// <exception cref="CaffeException">The folder cannot be made, or is not empty.</exception>
    public LevelDbWriter(string folder, int memoryLimit = 128 << 20)
    {
        Folder = folder;
        _memoryLimit = memoryLimit;
        try
        {
            Directory.CreateDirectory(folder);
            if (Directory.EnumerateFileSystemEntries(folder).Any())
                throw new IOException("its folder is not empty");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw WriteFailed(failure);
        }

        _tables = new LevelDbTableWriter(folder, () => ++_lastNumber);
    }

    /// <summary>The data base's folder.</summary>
    public string Folder { get; }

    /// <summary>Adds a record.</summary>
    /// <param name="key">Any bytes; of equal keys the last one's value holds.</param>
    /// <param name="value">Any bytes.</param>
    /// <exception cref="CaffeException">The disk does not take it.</exception>
    public override void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        try
        {
            if (_ascending && _keyLength >= 0 && key.SequenceCompareTo(InternalKey.UserKey(LastKey)) <= 0)
            {
                _ascending = false;
                _runs.Add(_tables.Take());
            }

            Count++;
            KeepWithTail(key, Count);
            if (_ascending)
            {
                _tables.Add(LastKey, value);
                return;
            }

            _memory.Add((LastKey.ToArray(), value.ToArray()));
            _memoryBytes += key.Length + value.Length;
            if (_memoryBytes >= _memoryLimit)
                WriteRun();
        }
        catch (IOException failure)
        {
            throw WriteFailed(failure);
        }
    }

    /// <summary>Writes what makes the tables a data base, and everything to the disk.</summary>
    /// <exception cref="CaffeException">The disk does not take it.</exception>
    public override void Complete()
    {
        try
        {
            if (_memory.Count > 0)
                WriteRun();
            else if (_ascending)
                _runs.Add(_tables.Take());
            IReadOnlyList<LevelDbTable> tables = _runs.Count == 1 ? _runs[0] : Merge();
            LevelDbManifestWriter.Write(Folder, tables, _lastNumber + 1, Count);
        }
        catch (IOException failure)
        {
            throw WriteFailed(failure);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _tables.Dispose();
        base.Dispose(disposing);
    }

    private ReadOnlySpan<byte> LastKey => _key.AsSpan(0, _keyLength);

    private void KeepWithTail(ReadOnlySpan<byte> key, long sequence)
    {
        _keyLength = key.Length + LevelDbFormat.KeyTail;
        if (_key.Length < _keyLength)
            _key = new byte[2 * _keyLength];
        key.CopyTo(_key);
        BinaryPrimitives.WriteInt64LittleEndian(_key.AsSpan(key.Length), (sequence << 8) | LevelDbFormat.Value);
    }

    private void WriteRun()
    {
        _memory.Sort(static (a, b) => InternalKey.Compare(a.Key, b.Key));
        foreach ((byte[] key, byte[] value) in _memory)
            _tables.Add(key, value);
        _memory.Clear();
        _memoryBytes = 0;
        _runs.Add(_tables.Take());
    }

    private IReadOnlyList<LevelDbTable> Merge()
    {
        using (var sources = new LevelDbTables(Folder, new LevelDbFault(Folder)))
        {
            List<LevelDbEntries> parts = [];
            foreach (IReadOnlyList<LevelDbTable> run in _runs)
            {
                int from = sources.Blocks.Count;
                foreach (LevelDbTable table in run)
                    sources.Add(table);
                parts.Add(new LevelDbBlocks(sources, from, sources.Blocks.Count));
            }

            var merge = new LevelDbMerge(parts);
            while (merge.Next())
                _tables.Add(merge.Current.Key, merge.Current.Value);
        }

        foreach (LevelDbTable table in _runs.SelectMany(run => run))
            File.Delete(Path.Combine(Folder, LevelDbFormat.TableName(table.Number)));
        return _tables.Take();
    }

    private CaffeException WriteFailed(Exception failure) =>
        new(ErrorCodes.WriteFailed, FailureKind.Data,
            $"LevelDB '{Folder}' cannot be written: {failure.Message}", inner: failure);
}
