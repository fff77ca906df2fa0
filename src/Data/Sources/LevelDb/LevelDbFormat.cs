namespace CaffeActors.Data.Sources.LevelDb;

/// <summary>
/// The files of a LevelDB's folder, all numbers little-endian, varint as in protobuf, text preceded by its length:
/// <code>
/// CURRENT         the manifest's name and a line feed
/// MANIFEST-n, n.log   blocks of 32 KiB filled with fragments; a fragment ends with its block
///   fragment      masked CRC-32C of kind and bytes u32 | length u16
///                 | kind u8: 1 whole, 2 first, 3 middle, 4 last | bytes
///   of a log      sequence u64 | count u32 | count times: kind u8 (1 value, 0 deletion) | key | value (not if deleted)
///   of a manifest (tag varint, fields)*: 1 order's name | 2 log number | 3 next file number | 4 last sequence
///                 | 5 level, key | 6 level, number of a file that goes | 7 level, number, size, least key,
///                 greatest key of a file that comes | 9 number of the log before
/// n.ldb, n.sst    blocks, index block, footer
///   block         entries | restarts u32* | their count u32 | 0 plain or 1 snappy u8
///                 | masked CRC-32C of all before u32
///   entry         length shared with the key before | length of the rest | length of the value | rest of key | value
///   index entry   key not less than the block's last one -> offset varint | length varint
///   footer        40 bytes: place of the meta index, place of the index, zeros | magic u64
/// internal key    the user's key | (sequence * 256 + kind) u64
/// </code>
/// Of equal keys the one with the greatest sequence holds.
/// </summary>
internal static class LevelDbFormat
{
    public const string CurrentName = "CURRENT";
    public const string LockName = "LOCK";
    public const string ManifestPrefix = "MANIFEST-";
    public const string Order = "leveldb.BytewiseComparator";

    public const int Levels = 7;

    // Logs.
    public const int LogBlock = 32768;
    public const int FragmentHeader = 7;
    public const byte Whole = 1;
    public const byte First = 2;
    public const byte Middle = 3;
    public const byte Last = 4;
    public const int BatchHeader = 12;

    // Internal keys, and records of a batch.
    public const byte Deletion = 0;
    public const byte Value = 1;
    public const int KeyTail = sizeof(ulong);

    // Tables.
    public const int BlockTail = 5;
    public const byte Plain = 0;
    public const byte Snappy = 1;
    public const int Footer = 48;
    public const int FooterHandles = 40;
    public const ulong Magic = 0xDB4775248B80FB57;

    // Tags of a manifest.
    public const uint OrderTag = 1;
    public const uint LogTag = 2;
    public const uint NextFileTag = 3;
    public const uint SequenceTag = 4;
    public const uint CompactedTag = 5;
    public const uint GoneTag = 6;
    public const uint NewTag = 7;
    public const uint OldLogTag = 9;

    /// <summary>A log's name.</summary>
    public static string LogName(long number) => $"{number:D6}.log";

    /// <summary>A table's name.</summary>
    public static string TableName(long number) => $"{number:D6}.ldb";

    /// <summary>A table's name before LevelDB 1.14.</summary>
    public static string OldTableName(long number) => $"{number:D6}.sst";
}
