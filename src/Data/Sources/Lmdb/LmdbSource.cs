using System.Runtime.InteropServices;
using CaffeActors.Compute.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace CaffeActors.Data.Sources.Lmdb;

/// <summary>
/// An LMDB, read from its file: no lock file, no reader table and no native library, so a read-only folder serves, any
/// number of processes may read at once, and no thread is bound to anything. Every offset is checked before it is
/// followed. The file is read and not mapped: one that is cut or damaged, also while it is open, or whose disk fails,
/// is an error and not the end of the process. While it is open, nobody should write to the data base.
/// </summary>
public sealed class LmdbSource : RecordSource
{
    private readonly SafeFileHandle _file;
    private readonly long _length;
    private readonly LmdbMeta _meta;

    // The leaves in key order, and the number of each one's first record. The latter are known for the first _counted
    // leaves only: branches do not tell them, so the leaves are looked at as reading gets to them.
    private readonly long[] _leaves;
    private readonly long[] _starts;
    private int _counted;
    private int _leaf;

    // The page read last, so that neighbours in a leaf come from one read; and the last value that has pages of its
    // own, behind their header.
    private readonly byte[] _page = [];
    private long _held = -1;
    private byte[] _run = [];

    /// <summary>Opens a data base.</summary>
    /// <param name="folder">The folder that holds data.mdb.</param>
    /// <exception cref="CaffeException">It cannot be read, is none, or is cut short.</exception>
    public LmdbSource(string folder)
        : base(folder)
    {
        try
        {
            _file = File.OpenHandle(System.IO.Path.Combine(folder, LmdbFormat.FileName),
                FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CannotRead(failure);
        }

        try
        {
            _length = RandomAccess.GetLength(_file);
            if (_length < LmdbFormat.MetaEnd)
                throw Damaged($"{LmdbFormat.FileName} has only {_length} bytes");
            _meta = ReadMeta();
            _page = new byte[_meta.PageSize];
            var leaves = new List<long>();
            if (_meta.Root != LmdbFormat.NoPage)
                AddLeaves(_meta.Root, _meta.Depth, leaves);
            _leaves = [.. leaves];
            _starts = new long[_leaves.Length + 1];
            if (_length < (_meta.LastPage + 1) * _meta.PageSize)
                RequireAllRecords();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override long Count => _meta.Entries;

    /// <inheritdoc/>
    public override void Read(long index, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        int leaf = FindLeaf(index);
        ReadNode(_leaves[leaf], (int)(index - _starts[leaf]), out key, out value);
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
        int from = 0, to = NodeCount(Page(_leaves[low], LmdbFormat.LeafPage), _leaves[low]) - 1;
        while (from <= to)
        {
            int middle = (from + to) / 2;
            int order = KeyOf(_leaves[low], middle).SequenceCompareTo(key);
            if (order == 0)
            {
                ReadNode(_leaves[low], middle, out _, out value);
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
            _file.Dispose();
        base.Dispose(disposing);
    }

    private static T Get<T>(ReadOnlySpan<byte> bytes, int at)
        where T : unmanaged => MemoryMarshal.Read<T>(bytes[at..]);

    private LmdbMeta ReadMeta()
    {
        byte[] bytes = new byte[LmdbFormat.MetaEnd];
        Fill(bytes, 0);
        LmdbMeta first = LmdbMeta.Read(bytes, Damaged);
        if (_length < first.PageSize + LmdbFormat.MetaEnd)
            throw Damaged($"{LmdbFormat.FileName} has only {_length} bytes");
        Fill(bytes, first.PageSize);
        LmdbMeta second = LmdbMeta.Read(bytes, Damaged);
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

        // All before the first is followed: that reads another page.
        ReadOnlySpan<byte> page = Page((long)number, LmdbFormat.BranchPage);
        ulong[] children = new ulong[NodeCount(page, (long)number)];
        for (int i = 0; i < children.Length; i++)
        {
            ReadOnlySpan<byte> node = Node(page, (long)number, i);
            children[i] =
                Get<ushort>(node, 0) | ((ulong)Get<ushort>(node, 2) << 16) | ((ulong)Get<ushort>(node, 4) << 32);
        }

        foreach (ulong child in children)
            AddLeaves(child, depth - 1, leaves);
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

    // The bytes of a leaf or branch, until the next call.
    private ReadOnlySpan<byte> Page(long number, ushort kind)
    {
        if (number != _held)
        {
            RequirePage(number);
            _held = -1;
            Fill(_page, number * _meta.PageSize);
            _held = number;
        }

        RequireKind(_page, number, kind);
        return _page;
    }

    private void RequirePage(long number)
    {
        if (number < 2 || number > _meta.LastPage)
            throw Damaged($"page {number} does not exist");
        if ((number + 1) * _meta.PageSize > _length)
            throw Cut(_length);
    }

    private void RequireKind(ReadOnlySpan<byte> page, long number, ushort kind)
    {
        if (Get<long>(page, 0) != number || Get<ushort>(page, LmdbFormat.FlagsAt) != kind)
            throw Damaged($"page {number} is not what its place in the tree says");
    }

    private int NodeCount(ReadOnlySpan<byte> page, long number)
    {
        int lower = Get<ushort>(page, LmdbFormat.LowerAt), upper = Get<ushort>(page, LmdbFormat.UpperAt);
        if (lower <= LmdbFormat.PageHeader || lower > upper || upper > _meta.PageSize || (lower & 1) != 0)
            throw Damaged($"page {number} has a damaged header");
        return (lower - LmdbFormat.PageHeader) / sizeof(ushort);
    }

    // From the node's start to the page's end; its header and key are known to be within.
    private ReadOnlySpan<byte> Node(ReadOnlySpan<byte> page, long number, int index)
    {
        int offset = Get<ushort>(page, LmdbFormat.PageHeader + (index * sizeof(ushort)));
        if (offset < Get<ushort>(page, LmdbFormat.UpperAt) || offset + LmdbFormat.NodeHeader > _meta.PageSize
            || offset + LmdbFormat.NodeHeader + Get<ushort>(page, offset + 6) > _meta.PageSize)
        {
            throw Damaged($"entry {index} of page {number} lies outside the page");
        }

        return page[offset..];
    }

    private ReadOnlySpan<byte> KeyOf(long leaf, int index)
    {
        ReadOnlySpan<byte> node = Node(Page(leaf, LmdbFormat.LeafPage), leaf, index);
        return node.Slice(LmdbFormat.NodeHeader, Get<ushort>(node, 6));
    }

    private void ReadNode(long number, int index, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> page = Page(number, LmdbFormat.LeafPage);
        if (index >= NodeCount(page, number))
            throw Damaged($"page {number} has changed since it was counted");
        ReadOnlySpan<byte> node = Node(page, number, index);
        uint length = Get<uint>(node, 0);
        ushort flags = Get<ushort>(node, 4), keyLength = Get<ushort>(node, 6);
        key = node.Slice(LmdbFormat.NodeHeader, keyLength);
        ReadOnlySpan<byte> data = node[(LmdbFormat.NodeHeader + keyLength)..];
        if (length > int.MaxValue || (flags & ~LmdbFormat.BigData) != 0)
            throw Damaged($"entry {index} of page {number} is none of a plain data base");
        if (data.Length < (flags == 0 ? length : sizeof(long)))
            throw Damaged($"entry {index} of page {number} lies outside the page");
        value = flags == 0 ? data[..(int)length] : ReadRun(Get<long>(data, 0), (int)length);
    }

    // A value on pages of its own.
    private ReadOnlySpan<byte> ReadRun(long first, int length)
    {
        RequirePage(first);
        long offset = first * _meta.PageSize, end = LmdbFormat.PageHeader + (long)length;
        long pages = LmdbFormat.OverflowPages(length, _meta.PageSize);
        if (end > Array.MaxLength || first + pages - 1 > _meta.LastPage)
            throw Damaged($"the value at page {first} is longer than its pages");
        if (offset + end > _length)
            throw Cut(_length);
        if (_run.Length < end)
            _run = GC.AllocateUninitializedArray<byte>((int)end);
        Fill(_run.AsSpan(0, (int)end), offset);
        RequireKind(_run, first, LmdbFormat.OverflowPage);
        if (pages > Get<uint>(_run, LmdbFormat.LowerAt))
            throw Damaged($"the value at page {first} is longer than its pages");
        return _run.AsSpan(LmdbFormat.PageHeader, length);
    }

    private void Fill(Span<byte> target, long offset)
    {
        try
        {
            while (target.Length > 0)
            {
                int read = RandomAccess.Read(_file, target, offset);
                if (read == 0)
                    throw Cut(RandomAccess.GetLength(_file));
                target = target[read..];
                offset += read;
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CannotRead(failure);
        }
    }

    private CaffeException CannotRead(Exception failure) =>
        Unreadable($"LMDB '{Path}' cannot be read: {failure.Message}", failure);

    private CaffeException Cut(long length) => Damaged(
        $"{LmdbFormat.FileName} ends after {length} of {(_meta.LastPage + 1) * _meta.PageSize} bytes");

    private CaffeException Damaged(string what) =>
        Unreadable($"LMDB '{Path}' is damaged or incomplete: {what}; copy or convert the data set again");
}
