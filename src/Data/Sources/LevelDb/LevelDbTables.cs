using System.Buffers.Binary;
using CaffeActors.Compute.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace CaffeActors.Data.Sources.LevelDb;

/// <summary>Where a block lies.</summary>
/// <param name="Table">Its table, counted from 0 as they were added.</param>
/// <param name="Size">Bytes, without kind and checksum.</param>
/// <param name="Offset">Its place in the table's file.</param>
internal readonly record struct LevelDbBlock(int Table, int Size, long Offset);

/// <summary>
/// The tables of a LevelDB: the places of all their blocks, in order, and a bounded number of open files.
/// Not thread-safe.
/// </summary>
/// <param name="folder">The data base's folder.</param>
/// <param name="fault">Its errors.</param>
internal sealed class LevelDbTables(string folder, LevelDbFault fault) : IDisposable
{
    private const int MaxOpen = 64;

    private readonly List<string> _names = [];
    private readonly List<LevelDbBlock> _blocks = [];
    private readonly Dictionary<int, SafeFileHandle> _open = [];
    private readonly Queue<int> _openOrder = new();

    /// <summary>The errors of the data base.</summary>
    public LevelDbFault Fault => fault;

    /// <summary>The blocks of all tables that were added.</summary>
    public IReadOnlyList<LevelDbBlock> Blocks => _blocks;

    /// <summary>A table's file.</summary>
    public string NameOf(LevelDbBlock block) => _names[block.Table];

    /// <summary>Adds the blocks of a table.</summary>
    /// <exception cref="CaffeException">It is missing, cut or damaged.</exception>
    public void Add(LevelDbTable table)
    {
        string name = LevelDbFormat.TableName(table.Number);
        if (!File.Exists(Path.Combine(folder, name)))
        {
            string old = LevelDbFormat.OldTableName(table.Number);
            name = File.Exists(Path.Combine(folder, old)) ? old : throw fault.Damaged(name, 0, "the file is missing");
        }

        int ordinal = _names.Count;
        _names.Add(name);
        SafeFileHandle file = Handle(ordinal);
        long length = RandomAccess.GetLength(file);
        if (length != table.Size || length < LevelDbFormat.Footer)
            throw fault.Damaged(name, length, $"the file ends here, and should have {table.Size} bytes");
        long end = length - LevelDbFormat.Footer;
        var footer = new byte[LevelDbFormat.Footer];
        ReadWhole(ordinal, end, footer);
        if (BinaryPrimitives.ReadUInt64LittleEndian(footer.AsSpan(LevelDbFormat.FooterHandles)) != LevelDbFormat.Magic)
            throw fault.Damaged(name, end, "a table does not end like this");
        var reader = new FieldReader(footer.AsSpan(0, LevelDbFormat.FooterHandles));
        if (!reader.TryVarint(out long _) || !reader.TryVarint(out long _)
            || !TryPlace(ref reader, ordinal, end, out LevelDbBlock index))
        {
            throw fault.Damaged(name, end, "the place of the index is none of the file's");
        }

        AddBlocks(index, ordinal, name);
    }

    /// <summary>Reads bytes of a table.</summary>
    /// <exception cref="CaffeException">The file has become shorter.</exception>
    public void ReadWhole(int table, long offset, Span<byte> target)
    {
        SafeFileHandle file = Handle(table);
        for (int done = 0; done < target.Length;)
        {
            int read = RandomAccess.Read(file, target[done..], offset + done);
            if (read == 0)
                throw fault.Damaged(_names[table], offset + done, "the file ends here");
            done += read;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SafeFileHandle file in _open.Values)
            file.Dispose();
        _open.Clear();
        _openOrder.Clear();
    }

    private void AddBlocks(LevelDbBlock index, int ordinal, string name)
    {
        var cursor = new LevelDbBlockCursor(this);
        cursor.Load(index);
        long after = 0;
        while (cursor.Next())
        {
            var reader = new FieldReader(cursor.Value);
            // Blocks lie one behind the other: so no damage makes one be read many times.
            if (!TryPlace(ref reader, ordinal, index.Offset, out LevelDbBlock block) || block.Offset < after)
                throw fault.Damaged(name, index.Offset, $"entry {cursor.Entry} of the index is no place of a block");
            _blocks.Add(block);
            after = block.Offset + block.Size + LevelDbFormat.BlockTail;
        }
    }

    private static bool TryPlace(ref FieldReader reader, int table, long end, out LevelDbBlock block)
    {
        bool read = reader.TryVarint(out long offset) & reader.TryVarint(out int size);
        block = new LevelDbBlock(table, size, offset);
        return read && offset <= end && size + (long)LevelDbFormat.BlockTail <= end - offset;
    }

    private SafeFileHandle Handle(int table)
    {
        if (_open.TryGetValue(table, out SafeFileHandle? file))
            return file;
        if (_open.Count == MaxOpen && _open.Remove(_openOrder.Dequeue(), out SafeFileHandle? oldest))
            oldest.Dispose();
        file = File.OpenHandle(Path.Combine(folder, _names[table]),
            FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        _open.Add(table, file);
        _openOrder.Enqueue(table);
        return file;
    }
}
