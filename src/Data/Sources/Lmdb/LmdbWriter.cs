using System.Runtime.InteropServices;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Data.Sources.Lmdb;

/// <summary>
/// Makes an LMDB from records in ascending order of their keys, as all of Caffe's converters bring them: pages are
/// written one after the other, full, and the tree is put on top at the end. The meta pages come last, so a file
/// that was not finished is never taken for a data base. LMDB 0.9, and thus Caffe, reads and goes on writing it.
/// Not thread-safe.
/// </summary>
public sealed class LmdbWriter : RecordWriter
{
    private const int PageSize = 4096;

    private static ReadOnlySpan<byte> Zeros => new byte[PageSize];

    private readonly FileStream _file;
    private readonly byte[] _page = new byte[PageSize];
    private readonly List<(byte[] Key, long Page)> _children = [];
    private byte[] _lastKey = [];
    private int _nodes;
    private int _upper;
    private long _nextPage = 2;
    private long _branchPages;
    private long _leafPages;
    private long _overflowPages;

    /// <summary>Starts a data base.</summary>
    /// <param name="folder">Its folder, which is made where it is missing and must hold no data base yet.</param>
    /// <exception cref="CaffeException">The folder or its file cannot be made.</exception>
    public LmdbWriter(string folder)
    {
        Folder = folder;
        try
        {
            Directory.CreateDirectory(folder);
            _file = new FileStream(Path.Combine(folder, LmdbFormat.FileName),
                FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 20);
            _file.Position = 2 * PageSize;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw WriteFailed(failure);
        }

        _upper = PageSize;
    }

    /// <summary>The data base's folder.</summary>
    public string Folder { get; }

    /// <summary>Adds a record.</summary>
    /// <param name="key">1 to 511 bytes, greater than the one before (bytewise).</param>
    /// <param name="value">Any bytes.</param>
    /// <exception cref="ArgumentException">The key is empty, too long or not greater than the last one.</exception>
    /// <exception cref="CaffeException">The disk does not take it.</exception>
    public override void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.Length is 0 or > LmdbFormat.MaxKeyLength)
        {
            throw new ArgumentException(
                $"A key has 1 to {LmdbFormat.MaxKeyLength} bytes, not {key.Length}.", nameof(key));
        }

        if (Count > 0 && key.SequenceCompareTo(_lastKey) <= 0)
            throw new ArgumentException("Keys must come in ascending order, each once.", nameof(key));
        try
        {
            bool big = LmdbFormat.NodeHeader + key.Length + value.Length > LmdbFormat.MaxNode(PageSize);
            long run = big ? WriteOverflow(value) : 0;
            if (!Fits(key.Length, big ? sizeof(long) : value.Length))
                WriteLeaf();
            Span<byte> node = AddNode(key, big ? sizeof(long) : value.Length);
            MemoryMarshal.Write(node, value.Length);
            MemoryMarshal.Write(node[4..], big ? LmdbFormat.BigData : (ushort)0);
            Span<byte> data = node[(LmdbFormat.NodeHeader + key.Length)..];
            if (big)
                MemoryMarshal.Write(data, run);
            else
                value.CopyTo(data);
        }
        catch (IOException failure)
        {
            throw WriteFailed(failure);
        }

        if (_lastKey.Length != key.Length)
            _lastKey = new byte[key.Length];
        key.CopyTo(_lastKey);
        Count++;
    }

    /// <summary>
    /// Writes the tree and the meta pages, and everything to the disk. Nothing can be added afterwards.
    /// </summary>
    /// <exception cref="CaffeException">The disk does not take it.</exception>
    public override void Complete()
    {
        try
        {
            if (_nodes > 0)
                WriteLeaf();
            int depth = _children.Count > 0 ? 1 : 0;
            List<(byte[] Key, long Page)> level = _children;
            for (; level.Count > 1; depth++)
                level = WriteBranches(level);
            long root = level.Count == 0 ? -1 : level[0].Page;
            long length = _nextPage * PageSize;
            _file.Flush(flushToDisk: true);
            _file.Position = 0;
            // The map's size only says how far LMDB may let the file grow without being told another one.
            WriteMeta(0, 0, -1, mapSize: Math.Max(1 << 20, 2 * length));
            WriteMeta(1, depth, root, mapSize: Math.Max(1 << 20, 2 * length));
            _file.SetLength(length);
            _file.Flush(flushToDisk: true);
        }
        catch (IOException failure)
        {
            throw WriteFailed(failure);
        }

        _file.Dispose();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _file.Dispose();
        base.Dispose(disposing);
    }

    private long WriteOverflow(ReadOnlySpan<byte> value)
    {
        long first = _nextPage, pages = LmdbFormat.OverflowPages(value.Length, PageSize);
        Span<byte> header = stackalloc byte[LmdbFormat.PageHeader];
        header.Clear();
        MemoryMarshal.Write(header, first);
        MemoryMarshal.Write(header[LmdbFormat.FlagsAt..], LmdbFormat.OverflowPage);
        MemoryMarshal.Write(header[LmdbFormat.LowerAt..], (uint)pages);
        _file.Write(header);
        _file.Write(value);
        _file.Write(Zeros[..(int)((pages * PageSize) - LmdbFormat.PageHeader - value.Length)]);
        _nextPage += pages;
        _overflowPages += pages;
        return first;
    }

    private bool Fits(int keyLength, int dataLength) =>
        LmdbFormat.PageHeader + ((_nodes + 1) * sizeof(ushort)) + NodeLength(keyLength, dataLength) <= _upper;

    private static int NodeLength(int keyLength, int dataLength) =>
        (LmdbFormat.NodeHeader + keyLength + dataLength + 1) & ~1;

    private Span<byte> AddNode(ReadOnlySpan<byte> key, int dataLength)
    {
        _upper -= NodeLength(key.Length, dataLength);
        MemoryMarshal.Write(_page.AsSpan(LmdbFormat.PageHeader + (_nodes * sizeof(ushort))), (ushort)_upper);
        _nodes++;
        Span<byte> node = _page.AsSpan(_upper);
        MemoryMarshal.Write(node[6..], (ushort)key.Length);
        key.CopyTo(node[LmdbFormat.NodeHeader..]);
        return node;
    }

    private void WriteLeaf()
    {
        int first = MemoryMarshal.Read<ushort>(_page.AsSpan(LmdbFormat.PageHeader));
        int keyLength = MemoryMarshal.Read<ushort>(_page.AsSpan(first + 6));
        _children.Add((_page.AsSpan(first + LmdbFormat.NodeHeader, keyLength).ToArray(), _nextPage));
        WritePage(LmdbFormat.LeafPage);
        _leafPages++;
    }

    private List<(byte[] Key, long Page)> WriteBranches(List<(byte[] Key, long Page)> children)
    {
        var parents = new List<(byte[] Key, long Page)>();
        int from = 0;
        while (from < children.Count)
        {
            int to = from, room = PageSize - LmdbFormat.PageHeader;
            while (to < children.Count)
            {
                int need = sizeof(ushort) + NodeLength(to == from ? 0 : children[to].Key.Length, 0);
                if (need > room)
                    break;
                room -= need;
                to++;
            }

            // LMDB wants two children at least in a branch: the last one must not be left alone.
            if (to == children.Count - 1)
                to--;
            parents.Add((children[from].Key, _nextPage));
            for (int i = from; i < to; i++)
            {
                Span<byte> node = AddNode(i == from ? [] : children[i].Key, 0);
                ulong page = (ulong)children[i].Page;
                MemoryMarshal.Write(node, (uint)page);
                MemoryMarshal.Write(node[4..], (ushort)(page >> 32));
            }

            WritePage(LmdbFormat.BranchPage);
            _branchPages++;
            from = to;
        }

        return parents;
    }

    private void WritePage(ushort kind)
    {
        Span<byte> page = _page;
        int lower = LmdbFormat.PageHeader + (_nodes * sizeof(ushort));
        MemoryMarshal.Write(page, _nextPage);
        MemoryMarshal.Write(page[LmdbFormat.FlagsAt..], kind);
        MemoryMarshal.Write(page[LmdbFormat.LowerAt..], (ushort)lower);
        MemoryMarshal.Write(page[LmdbFormat.UpperAt..], (ushort)_upper);
        _file.Write(page);
        page.Clear();
        _nextPage++;
        _nodes = 0;
        _upper = PageSize;
    }

    private void WriteMeta(long number, int depth, long root, long mapSize)
    {
        Span<byte> page = _page;
        page.Clear();
        MemoryMarshal.Write(page, number);
        MemoryMarshal.Write(page[LmdbFormat.FlagsAt..], LmdbFormat.MetaPage);
        MemoryMarshal.Write(page[LmdbFormat.MagicAt..], LmdbFormat.Magic);
        MemoryMarshal.Write(page[LmdbFormat.VersionAt..], LmdbFormat.Version);
        MemoryMarshal.Write(page[LmdbFormat.MapSizeAt..], mapSize);
        MemoryMarshal.Write(page[LmdbFormat.FreeTreeAt..], PageSize);
        MemoryMarshal.Write(page[(LmdbFormat.FreeTreeAt + LmdbFormat.TreeFlagsAt)..], LmdbFormat.IntegerKey);
        MemoryMarshal.Write(page[(LmdbFormat.FreeTreeAt + LmdbFormat.RootAt)..], LmdbFormat.NoPage);
        Span<byte> tree = page[LmdbFormat.MainTreeAt..];
        MemoryMarshal.Write(tree[LmdbFormat.RootAt..], root);
        if (root >= 0)
        {
            MemoryMarshal.Write(tree[LmdbFormat.DepthAt..], (ushort)depth);
            MemoryMarshal.Write(tree[LmdbFormat.BranchPagesAt..], _branchPages);
            MemoryMarshal.Write(tree[LmdbFormat.LeafPagesAt..], _leafPages);
            MemoryMarshal.Write(tree[LmdbFormat.OverflowPagesAt..], _overflowPages);
            MemoryMarshal.Write(tree[LmdbFormat.EntriesAt..], Count);
        }

        MemoryMarshal.Write(page[LmdbFormat.LastPageAt..], root >= 0 ? _nextPage - 1 : 1);
        MemoryMarshal.Write(page[LmdbFormat.TransactionAt..], number);
        _file.Write(page);
    }

    private CaffeException WriteFailed(Exception failure) =>
        new(ErrorCodes.WriteFailed, FailureKind.Data,
            $"LMDB '{Folder}' cannot be written: {failure.Message}", inner: failure);
}
