using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Data.Sources.Lmdb;

/// <summary>
/// An LMDB, read straight from its mapped file: no lock file, no reader table and no native library, so a read-only
/// folder serves, any number of processes may read at once, and no thread is bound to anything. Every offset is
/// checked before it is followed: a cut or damaged file is an error, not the end of the process. While it is open,
/// nobody may write to the data base.
/// </summary>
public sealed unsafe class LmdbSource : RecordSource
{
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private byte* _map;
    private readonly long _length;
    private readonly LmdbMeta _meta;

    // The leaves in key order, and the number of each one's first record. The latter are known for the first _counted
    // leaves only: branches do not tell them, so the leaves are looked at as reading gets to them.
    private readonly long[] _leaves;
    private readonly long[] _starts;
    private int _counted;
    private int _leaf;

    /// <summary>Opens a data base.</summary>
    /// <param name="folder">The folder that holds data.mdb.</param>
    /// <exception cref="CaffeException">It cannot be read, is none, or is cut short.</exception>
    public LmdbSource(string folder)
        : base(folder)
    {
        try
        {
            var stream = new FileStream(System.IO.Path.Combine(folder, LmdbFormat.FileName),
                FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            _length = stream.Length;
            if (_length < LmdbFormat.MetaEnd)
            {
                stream.Dispose();
                throw Damaged($"{LmdbFormat.FileName} has only {_length} bytes");
            }

            _file = MemoryMappedFile.CreateFromFile(
                stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _map);
            _meta = ReadMeta();
            var leaves = new List<long>();
            if (_meta.Root != LmdbFormat.NoPage)
                AddLeaves(_meta.Root, _meta.Depth, leaves);
            _leaves = [.. leaves];
            _starts = new long[_leaves.Length + 1];
            if (_length < (_meta.LastPage + 1) * _meta.PageSize)
                RequireAllRecords();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Dispose();
            throw Unreadable($"LMDB '{folder}' cannot be read: {failure.Message}", failure);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override long Count => _meta.Entries;

    /// <summary>True: they lie in the mapped file.</summary>
    public override bool SpansStay => true;

    /// <inheritdoc/>
    public override void Read(long index, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        int leaf = FindLeaf(index);
        byte* page = Page(_leaves[leaf], LmdbFormat.LeafPage);
        ReadNode(page, _leaves[leaf], (int)(index - _starts[leaf]), out key, out value);
    }

    /// <inheritdoc/>
    public override bool TryGet(ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        value = default;
        // The last leaf whose first key is not greater.
        int low = 0, high = _leaves.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (KeyOf(_leaves[middle], 0).SequenceCompareTo(key) <= 0)
                low = middle;
            else
                high = middle - 1;
        }

        if (_leaves.Length == 0)
            return false;
        byte* page = Page(_leaves[low], LmdbFormat.LeafPage);
        int from = 0, to = NodeCount(page, _leaves[low]) - 1;
        while (from <= to)
        {
            int middle = (from + to) / 2;
            int order = KeyOf(_leaves[low], middle).SequenceCompareTo(key);
            if (order == 0)
            {
                ReadNode(page, _leaves[low], middle, out _, out value);
                return true;
            }

            if (order < 0)
                from = middle + 1;
            else
                to = middle - 1;
        }

        return false;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            if (_map is not null)
                _view!.SafeMemoryMappedViewHandle.ReleasePointer();
            _map = null;
            _view?.Dispose();
            _file?.Dispose();
        }

        base.Dispose(disposing);
    }

    private static T Get<T>(byte* at)
        where T : unmanaged => Unsafe.ReadUnaligned<T>(at);

    private LmdbMeta ReadMeta()
    {
        LmdbMeta first = LmdbMeta.Read(_map, Damaged);
        if (_length < first.PageSize + LmdbFormat.MetaEnd)
            throw Damaged($"{LmdbFormat.FileName} has only {_length} bytes");
        LmdbMeta second = LmdbMeta.Read(_map + first.PageSize, Damaged);
        return second.Transaction > first.Transaction ? second : first;
    }

    private void AddLeaves(ulong number, int depth, List<long> leaves)
    {
        // Bounded also for a damaged file whose pages form a circle.
        if (depth < 1 || leaves.Count > _meta.LastPage)
            throw Damaged($"the tree is deeper or larger than page {number} can be part of");
        if (depth == 1)
        {
            leaves.Add((long)number);
            return;
        }

        byte* page = Page((long)number, LmdbFormat.BranchPage);
        int count = NodeCount(page, (long)number);
        for (int i = 0; i < count; i++)
        {
            byte* node = Node(page, (long)number, i);
            AddLeaves(Get<ushort>(node) | ((ulong)Get<ushort>(node + 2) << 16) | ((ulong)Get<ushort>(node + 4) << 32),
                depth - 1, leaves);
        }
    }

    // A page past the file's end may be one that no record needs; otherwise the file was cut, and it is better to
    // say so now than after hours of training.
    private void RequireAllRecords()
    {
        for (long index = 0; index < Count; index++)
            Read(index, out _, out _);
    }

    private int FindLeaf(long index)
    {
        if (_leaf < _counted && index >= _starts[_leaf])
        {
            if (index < _starts[_leaf + 1])
                return _leaf;
            if (_leaf + 1 < _counted && index < _starts[_leaf + 2])
                return ++_leaf;
        }

        while (index >= _starts[_counted])
        {
            if (_counted == _leaves.Length)
                throw Damaged($"it should hold {Count} records, and its pages hold {_starts[_counted]}");
            long number = _leaves[_counted];
            _starts[_counted + 1] = _starts[_counted] + NodeCount(Page(number, LmdbFormat.LeafPage), number);
            _counted++;
        }

        int at = Array.BinarySearch(_starts, 0, _counted + 1, index);
        return _leaf = at >= 0 ? at : ~at - 1;
    }

    private byte* Page(long number, ushort kind)
    {
        if (number < 2 || number > _meta.LastPage)
            throw Damaged($"page {number} does not exist");
        long offset = number * _meta.PageSize;
        if (offset + _meta.PageSize > _length)
            throw Cut();
        byte* page = _map + offset;
        if (Get<long>(page) != number || Get<ushort>(page + LmdbFormat.FlagsAt) != kind)
            throw Damaged($"page {number} is not what its place in the tree says");
        return page;
    }

    private int NodeCount(byte* page, long number)
    {
        int lower = Get<ushort>(page + LmdbFormat.LowerAt), upper = Get<ushort>(page + LmdbFormat.UpperAt);
        if (lower <= LmdbFormat.PageHeader || lower > upper || upper > _meta.PageSize || (lower & 1) != 0)
            throw Damaged($"page {number} has a damaged header");
        return (lower - LmdbFormat.PageHeader) / sizeof(ushort);
    }

    private byte* Node(byte* page, long number, int index)
    {
        int offset = Get<ushort>(page + LmdbFormat.PageHeader + (index * sizeof(ushort)));
        if (offset < Get<ushort>(page + LmdbFormat.UpperAt) || offset + LmdbFormat.NodeHeader > _meta.PageSize
            || offset + LmdbFormat.NodeHeader + Get<ushort>(page + offset + 6) > _meta.PageSize)
        {
            throw Damaged($"entry {index} of page {number} lies outside the page");
        }

        return page + offset;
    }

    private ReadOnlySpan<byte> KeyOf(long leaf, int index)
    {
        byte* node = Node(Page(leaf, LmdbFormat.LeafPage), leaf, index);
        return new(node + LmdbFormat.NodeHeader, Get<ushort>(node + 6));
    }

    private void ReadNode(byte* page, long number, int index, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        if (index >= NodeCount(page, number))
            throw Damaged($"page {number} has changed since it was counted");
        byte* node = Node(page, number, index);
        uint length = Get<uint>(node);
        ushort flags = Get<ushort>(node + 4), keyLength = Get<ushort>(node + 6);
        key = new(node + LmdbFormat.NodeHeader, keyLength);
        byte* data = node + LmdbFormat.NodeHeader + keyLength;
        if (length > int.MaxValue || (flags & ~LmdbFormat.BigData) != 0)
            throw Damaged($"entry {index} of page {number} is none of a plain data base");
        if (flags == 0)
        {
            if (data + length > page + _meta.PageSize)
                throw Damaged($"entry {index} of page {number} lies outside the page");
        }
        else
        {
            if (data + sizeof(long) > page + _meta.PageSize)
                throw Damaged($"entry {index} of page {number} lies outside the page");
            long run = Get<long>(data);
            byte* first = Page(run, LmdbFormat.OverflowPage);
            long pages = LmdbFormat.OverflowPages(length, _meta.PageSize);
            if (pages > Get<uint>(first + LmdbFormat.LowerAt) || run + pages - 1 > _meta.LastPage)
                throw Damaged($"the value at page {run} is longer than its pages");
            if ((run * _meta.PageSize) + LmdbFormat.PageHeader + length > _length)
                throw Cut();
            data = first + LmdbFormat.PageHeader;
        }

        value = new(data, (int)length);
    }

    private CaffeException Cut() => Damaged(
        $"{LmdbFormat.FileName} ends after {_length} of {(_meta.LastPage + 1) * _meta.PageSize} bytes");

    private CaffeException Damaged(string what) =>
        Unreadable($"LMDB '{Path}' is damaged or incomplete: {what}; copy or convert the data set again");
}
