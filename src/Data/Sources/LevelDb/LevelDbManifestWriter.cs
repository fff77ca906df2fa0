using System.Text;
using CaffeActors.Data.Files;

namespace CaffeActors.Data.Sources.LevelDb;

/// <summary>Writes a manifest of one edit, and CURRENT.</summary>
internal static class LevelDbManifestWriter
{
    // Tables that do not overlap may lie in any level; from the last one LevelDB never moves them.
    private const int Level = LevelDbFormat.Levels - 1;

    /// <summary>Writes the files that make tables a data base.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="tables">Its tables, which do not overlap.</param>
    /// <param name="number">The next number that no file has.</param>
    /// <param name="sequence">The greatest sequence number of a record.</param>
    public static void Write(string folder, IReadOnlyList<LevelDbTable> tables, long number, long sequence)
    {
        long manifest = number, log = number + 1;
        var edit = new ByteBuilder();
        edit.Varint(LevelDbFormat.OrderTag);
        edit.Text(Encoding.ASCII.GetBytes(LevelDbFormat.Order));
        foreach ((uint tag, long value) in (ReadOnlySpan<(uint, long)>)[
            (LevelDbFormat.LogTag, log), (LevelDbFormat.OldLogTag, 0), (LevelDbFormat.NextFileTag, log + 1),
            (LevelDbFormat.SequenceTag, sequence)])
        {
            edit.Varint(tag);
            edit.Varint(value);
        }

        foreach (LevelDbTable table in tables)
        {
            edit.Varint(LevelDbFormat.NewTag);
            edit.Varint(Level);
            edit.Varint(table.Number);
            edit.Varint(table.Size);
            edit.Text(table.LeastKey);
            edit.Text(table.GreatestKey);
        }

        string name = $"{LevelDbFormat.ManifestPrefix}{manifest:D6}";
        Write(Path.Combine(folder, name), Fragments(edit.Written));
        Write(Path.Combine(folder, LevelDbFormat.LogName(log)), []);
        Write(Path.Combine(folder, LevelDbFormat.LockName), []);
        Write(Path.Combine(folder, LevelDbFormat.CurrentName), Encoding.ASCII.GetBytes($"{name}\n"));
    }

    private static byte[] Fragments(ReadOnlySpan<byte> record)
    {
        var file = new ByteBuilder();
        bool first = true;
        do
        {
            int left = LevelDbFormat.LogBlock - (file.Length % LevelDbFormat.LogBlock);
            int length = Math.Min(record.Length, left - LevelDbFormat.FragmentHeader);
            bool last = length == record.Length;
            byte kind = (first, last) switch
            {
                (true, true) => LevelDbFormat.Whole,
                (true, false) => LevelDbFormat.First,
                (false, true) => LevelDbFormat.Last,
                _ => LevelDbFormat.Middle,
            };
            file.UInt32(MaskedCrc32C.Of([kind], record[..length]));
            file.Bytes([(byte)length, (byte)(length >> 8), kind]);
            file.Bytes(record[..length]);
            record = record[length..];
            first = false;
        }
        while (record.Length > 0);
        return file.Written.ToArray();
    }

    private static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        file.Write(bytes);
        file.Flush(flushToDisk: true);
    }
}
