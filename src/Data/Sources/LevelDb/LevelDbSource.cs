using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Data.Sources.LevelDb;

/// <summary>
/// A LevelDB, read by managed code without its lock: nothing is written, a read-only folder serves, and any number of
/// processes may read at once. While it is open, nobody may write to the data base. LevelDB does not count its
/// records, so opening reads all blocks once; where each record lies is then known, in 32 bytes for each block of a
/// data base that was written in the order of its keys. Checksums and sizes are checked: a cut or damaged file is an
/// error that names it.
/// </summary>
public sealed class LevelDbSource : RecordSource
{
    private const int CursorCount = 8;

    private readonly LevelDbFault _fault;
    private readonly LevelDbTables _tables;
    private readonly LevelDbMemory _memory;
    private readonly (LevelDbBlockCursor Cursor, int Block)[] _cursors = new (LevelDbBlockCursor, int)[CursorCount];

    // Runs of records that lie one after the other: the number of each one's first record, and its place.
    private readonly long[] _starts;
    private readonly (int Block, int Entry)[] _places;
    private int _run;
    private int _nextCursor;

    /// <summary>Opens a data base.</summary>
    /// <param name="folder">The folder that holds CURRENT.</param>
    /// <exception cref="CaffeException">It cannot be read, is none, or is damaged.</exception>
    public LevelDbSource(string folder)
        : base(folder)
    {
        _fault = new LevelDbFault(folder);
        _tables = new LevelDbTables(folder, _fault);
        _memory = new LevelDbMemory(_fault);
        for (int i = 0; i < CursorCount; i++)
            _cursors[i] = (new LevelDbBlockCursor(_tables), LevelDbMemory.NoBlock);
        try
        {
            LevelDbManifest manifest = LevelDbManifest.Read(folder, _fault);
            foreach (string log in Logs(folder, manifest))
                _memory.Add(log);
            _memory.Sort();
            List<long> starts = [];
            List<(int, int)> places = [];
            Count = FindRuns(new LevelDbMerge(Parts(manifest)), starts, places);
            (_starts, _places) = ([.. starts], [.. places]);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Dispose();
            throw Unreadable($"LevelDB '{folder}' cannot be read: {failure.Message}", failure);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override long Count { get; }

    /// <inheritdoc/>
    public override void Read(long index, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        int run = FindRun(index);
        (int block, int entry) = _places[run];
        entry += (int)(index - _starts[run]);
        if (block == LevelDbMemory.NoBlock)
        {
            key = _memory.KeyOf(entry);
            value = _memory.ValueOf(entry);
            return;
        }

        try
        {
            LevelDbBlockCursor cursor = CursorOf(block);
            cursor.MoveTo(entry);
            key = InternalKey.UserKey(cursor.Key);
            value = cursor.Value;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Unreadable($"LevelDB '{Path}' can no longer be read: {failure.Message}", failure);
        }
    }

    /// <inheritdoc/>
    public override bool TryGet(ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        long from = 0, to = Count - 1;
        while (from <= to)
        {
            long middle = from + ((to - from) / 2);
            Read(middle, out ReadOnlySpan<byte> found, out value);
            int order = found.SequenceCompareTo(key);
            if (order == 0)
                return true;
            if (order < 0)
                from = middle + 1;
            else
                to = middle - 1;
        }

        value = default;
        return false;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _tables.Dispose();
        base.Dispose(disposing);
    }

    private static IEnumerable<string> Logs(string folder, LevelDbManifest manifest) =>
        Directory.GetFiles(folder, "*.log")
            .Select(path => System.IO.Path.GetFileName(path))
            .Where(name => long.TryParse(System.IO.Path.GetFileNameWithoutExtension(name), out long number)
                && (number >= manifest.LogNumber || number == manifest.OldLogNumber));

    private List<LevelDbEntries> Parts(LevelDbManifest manifest)
    {
        List<LevelDbEntries> parts = [];
        if (_memory.Count > 0)
            parts.Add(_memory);
        for (int level = 0; level < manifest.Levels.Length; level++)
        {
            int from = _tables.Blocks.Count;
            foreach (LevelDbTable table in manifest.Levels[level])
            {
                _tables.Add(table);
                // Tables of level 0 may overlap; those of the others lie one after the other.
                if (level > 0)
                    continue;
                parts.Add(new LevelDbBlocks(_tables, from, _tables.Blocks.Count));
                from = _tables.Blocks.Count;
            }

            if (from < _tables.Blocks.Count)
                parts.Add(new LevelDbBlocks(_tables, from, _tables.Blocks.Count));
        }

        return parts;
    }

    private static long FindRuns(LevelDbMerge records, List<long> starts, List<(int Block, int Entry)> places)
    {
        long count = 0;
        (int, int) expected = (LevelDbMemory.NoBlock, -1);
        for (; records.Next(); count++)
        {
            (int Block, int Entry) place = (records.Current.Block, records.Current.Entry);
            if (place != expected)
            {
                starts.Add(count);
                places.Add(place);
            }

            expected = (place.Block, place.Entry + 1);
        }

        return count;
    }

    private int FindRun(long index)
    {
        for (int run = _run; run < _starts.Length && run <= _run + 1; run++)
        {
            if (index >= _starts[run] && (run + 1 == _starts.Length || index < _starts[run + 1]))
                return _run = run;
        }

        int at = Array.BinarySearch(_starts, index);
        return _run = at >= 0 ? at : ~at - 1;
    }

    private LevelDbBlockCursor CursorOf(int block)
    {
        foreach ((LevelDbBlockCursor cursor, int held) in _cursors)
        {
            if (held == block)
                return cursor;
        }

        int next = _nextCursor = (_nextCursor + 1) % CursorCount;
        LevelDbBlockCursor free = _cursors[next].Cursor;
        _cursors[next].Block = LevelDbMemory.NoBlock;
        free.Load(_tables.Blocks[block]);
        _cursors[next].Block = block;
        return free;
    }
}
