using System.Text;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Data.Sources.LevelDb;

/// <summary>What a LevelDB consists of: the outcome of all edits in its manifest.</summary>
/// <param name="Levels">The tables of each level; from level 1 on in the order of their keys.</param>
/// <param name="LogNumber">Logs of this number and greater ones hold records that no table does.</param>
/// <param name="OldLogNumber">So does this one; 0 for none.</param>
internal sealed record LevelDbManifest(IReadOnlyList<LevelDbTable>[] Levels, long LogNumber, long OldLogNumber)
{
    // Every manifest has these; one without was cut.
    private const uint Needed = (1u << (int)LevelDbFormat.LogTag) | (1u << (int)LevelDbFormat.NextFileTag)
        | (1u << (int)LevelDbFormat.SequenceTag);

    /// <summary>Reads CURRENT and the manifest it names.</summary>
    /// <param name="folder">The data base's folder.</param>
    /// <param name="fault">Its errors.</param>
    /// <exception cref="CaffeException">They are damaged, or of another order of keys.</exception>
    public static LevelDbManifest Read(string folder, LevelDbFault fault)
    {
        string name = NameOf(folder, fault);
        var levels = new Dictionary<long, LevelDbTable>[LevelDbFormat.Levels];
        for (int level = 0; level < levels.Length; level++)
            levels[level] = [];
        long log = 0, oldLog = 0;
        uint tags = 0;
        using var reader = new LevelDbLogReader(name, fault);
        while (reader.Next())
        {
            if (!TryApply(reader.Record, levels, ref log, ref oldLog, ref tags, out string order))
                throw fault.Damaged(name, reader.RecordStart, "the edit that begins here cannot be understood");
            if (order.Length > 0 && order != LevelDbFormat.Order)
            {
                throw LevelDbFault.Unreadable($"LevelDB '{folder}' keeps its keys in the order '{order}'; only "
                    + $"'{LevelDbFormat.Order}', which Caffe's tools use, can be read");
            }
        }

        if ((tags & Needed) != Needed)
            throw fault.Damaged(name, reader.RecordStart, "after the edit that begins here the file is cut");
        return new LevelDbManifest(
            [.. levels.Select((tables, level) => InOrder(tables.Values, level))], log, oldLog);
    }

    private static string NameOf(string folder, LevelDbFault fault)
    {
        using FileStream current = fault.Open(LevelDbFormat.CurrentName, bufferSize: 0);
        var bytes = new byte[256];
        string text = Encoding.UTF8.GetString(
            bytes.AsSpan(0, current.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)));
        string name = text.TrimEnd('\n');
        if (!name.StartsWith(LevelDbFormat.ManifestPrefix, StringComparison.Ordinal)
            || !name[LevelDbFormat.ManifestPrefix.Length..].All(char.IsAsciiDigit))
        {
            throw fault.Damaged(LevelDbFormat.CurrentName, 0, "it names no manifest");
        }

        return File.Exists(Path.Combine(folder, name)) ? name
            : throw fault.Damaged(LevelDbFormat.CurrentName, 0, $"it names {name}, which is not there");
    }

    private static bool TryApply(
        ReadOnlySpan<byte> edit, Dictionary<long, LevelDbTable>[] levels, ref long log, ref long oldLog,
        ref uint tags, out string order)
    {
        order = "";
        var reader = new FieldReader(edit);
        while (!reader.AtEnd)
        {
            if (!reader.TryVarint(out int tag))
                return false;
            tags |= 1u << tag;
            bool read;
            switch ((uint)tag)
            {
                case LevelDbFormat.OrderTag:
                    read = reader.TryText(out ReadOnlySpan<byte> text);
                    order = Encoding.UTF8.GetString(text);
                    break;
                case LevelDbFormat.LogTag:
                    read = reader.TryVarint(out log);
                    break;
                case LevelDbFormat.OldLogTag:
                    read = reader.TryVarint(out oldLog);
                    break;
                case LevelDbFormat.NextFileTag or LevelDbFormat.SequenceTag:
                    read = reader.TryVarint(out long _);
                    break;
                case LevelDbFormat.CompactedTag:
                    read = TryLevel(ref reader, out _) && reader.TryText(out _);
                    break;
                case LevelDbFormat.GoneTag:
                    read = TryLevel(ref reader, out int from) & reader.TryVarint(out long gone);
                    if (read)
                        levels[from].Remove(gone);
                    break;
                case LevelDbFormat.NewTag:
                    read = TryLevel(ref reader, out int to) & reader.TryVarint(out long number)
                        & reader.TryVarint(out long size) & reader.TryText(out ReadOnlySpan<byte> least)
                        & reader.TryText(out ReadOnlySpan<byte> greatest);
                    read &= least.Length >= LevelDbFormat.KeyTail;
                    if (read)
                        levels[to][number] = new LevelDbTable(number, size, least.ToArray(), greatest.ToArray());
                    break;
                default:
                    read = false;
                    break;
            }

            if (!read)
                return false;
        }

        return true;
    }

    private static bool TryLevel(ref FieldReader reader, out int level) =>
        reader.TryVarint(out level) && level < LevelDbFormat.Levels;

    private static LevelDbTable[] InOrder(IEnumerable<LevelDbTable> tables, int level) => level == 0
        ? [.. tables.OrderBy(table => table.Number)]
        : [.. tables.Order(Comparer<LevelDbTable>.Create(
            (a, b) => InternalKey.Compare(a.LeastKey, b.LeastKey)))];
}
