namespace CaffeActors.Data.Sources.Lmdb;

/// <summary>
/// The file format of LMDB 0.9 on 64-bit little-endian machines (data version 1), as far as one main data base
/// without duplicates needs it. The file is an array of pages:
/// <code>
/// page   0 number u64 | 8 pad u16 | 10 flags u16 | 12 lower u16 | 14 upper u16 | 16 ...
///        (of an overflow run's first page 12 is the run's number of pages, u32, and 16 the value)
/// meta   pages 0 and 1, from 16: magic u32 | version u32 | address u64 | map size u64 | free tree | main tree
///        | last page u64 | transaction u64
/// tree   pad u32 (of the free tree: page size) | flags u16 | depth u16 | branch pages u64 | leaf pages u64
///        | overflow pages u64 | entries u64 | root u64
/// branch, leaf: from 16 up to lower the u16 offsets of the nodes, ascending by key; the nodes fill the page from
///        its end down to upper
/// node   lo u16 | hi u16 | flags u16 | key length u16 | key | value; at even offsets.
///        In a leaf lo and hi are the value's length; with flag 1 the value is the u64 number of an overflow run.
///        In a branch lo, hi and flags are the child's page number, there is no value, and the first key is empty
///        and stands for everything smaller.
/// </code>
/// The meta page with the greater transaction number holds.
/// </summary>
internal static class LmdbFormat
{
    /// <summary>The one file of a data base's folder.</summary>
    public const string FileName = "data.mdb";

    public const uint Magic = 0xBEEFC0DE;
    public const uint Version = 1;
    public const int PageHeader = 16;
    public const int NodeHeader = 8;
    public const int MetaEnd = 152;
    public const int MaxKeyLength = 511;

    // LMDB itself follows no deeper tree.
    public const int MaxDepth = 32;
    public const ulong NoPage = ulong.MaxValue;

    public const ushort BranchPage = 1;
    public const ushort LeafPage = 2;
    public const ushort OverflowPage = 4;
    public const ushort MetaPage = 8;

    public const ushort BigData = 1;
    public const ushort DuplicateSort = 4;
    public const ushort IntegerKey = 8;

    // Offsets within a page.
    public const int FlagsAt = 10;
    public const int LowerAt = 12;
    public const int UpperAt = 14;

    // Offsets from a meta page's start.
    public const int MagicAt = 16;
    public const int VersionAt = 20;
    public const int MapSizeAt = 32;
    public const int FreeTreeAt = 40;
    public const int MainTreeAt = 88;
    public const int LastPageAt = 136;
    public const int TransactionAt = 144;

    // Offsets within a tree's record.
    public const int TreeFlagsAt = 4;
    public const int DepthAt = 6;
    public const int BranchPagesAt = 8;
    public const int LeafPagesAt = 16;
    public const int OverflowPagesAt = 24;
    public const int EntriesAt = 32;
    public const int RootAt = 40;

    /// <summary>Pages of an overflow run that holds so many bytes.</summary>
    public static long OverflowPages(long bytes, int pageSize) => ((PageHeader - 1 + bytes) / pageSize) + 1;

    /// <summary>The longest node that stays in a leaf: two of them must fit.</summary>
    public static int MaxNode(int pageSize) => (((pageSize - PageHeader) / 2) & ~1) - sizeof(ushort);
}
