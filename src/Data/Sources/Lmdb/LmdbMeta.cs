using System.Numerics;
using System.Runtime.InteropServices;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Data.Sources.Lmdb;

/// <summary>What a meta page of an LMDB tells.</summary>
/// <param name="PageSize">Bytes in a page, a power of two from 512 to 32768.</param>
/// <param name="Depth">Levels of the main tree, leaves included; 0 without records.</param>
/// <param name="Entries">Records of the main tree.</param>
/// <param name="Root">Its root's page, or <see cref="LmdbFormat.NoPage"/>.</param>
/// <param name="LastPage">The greatest page number in use.</param>
/// <param name="Transaction">Number of the transaction that wrote the page.</param>
internal readonly record struct LmdbMeta(
    int PageSize, int Depth, long Entries, ulong Root, long LastPage, ulong Transaction)
{
    /// <summary>Reads a meta page.</summary>
    /// <param name="page">At least <see cref="LmdbFormat.MetaEnd"/> bytes.</param>
    /// <param name="failure">Makes the error.</param>
    /// <exception cref="CaffeException">It is none, or of another version or kind.</exception>
    public static LmdbMeta Read(ReadOnlySpan<byte> page, Func<string, CaffeException> failure)
    {
        if (MemoryMarshal.Read<uint>(page[LmdbFormat.MagicAt..]) != LmdbFormat.Magic)
            throw failure($"{LmdbFormat.FileName} does not begin as an LMDB of a 64-bit machine does");
        uint version = MemoryMarshal.Read<uint>(page[LmdbFormat.VersionAt..]);
        if (version != LmdbFormat.Version)
            throw failure($"its data version is {version}; version {LmdbFormat.Version} (LMDB 0.9) can be read");

        ReadOnlySpan<byte> tree = page[LmdbFormat.MainTreeAt..];
        var meta = new LmdbMeta(
            MemoryMarshal.Read<int>(page[LmdbFormat.FreeTreeAt..]),
            MemoryMarshal.Read<ushort>(tree[LmdbFormat.DepthAt..]),
            MemoryMarshal.Read<long>(tree[LmdbFormat.EntriesAt..]),
            MemoryMarshal.Read<ulong>(tree[LmdbFormat.RootAt..]),
            MemoryMarshal.Read<long>(page[LmdbFormat.LastPageAt..]),
            MemoryMarshal.Read<ulong>(page[LmdbFormat.TransactionAt..]));
        if (meta.PageSize is < 512 or > 32768 || !BitOperations.IsPow2(meta.PageSize)
            || meta.Depth > LmdbFormat.MaxDepth || meta.Entries < 0 || meta.LastPage < 1
            || meta.LastPage > long.MaxValue / 2 / meta.PageSize
            || (meta.Root == LmdbFormat.NoPage) != (meta.Entries == 0))
        {
            throw failure("its first pages contradict themselves");
        }

        if ((MemoryMarshal.Read<ushort>(tree[LmdbFormat.TreeFlagsAt..]) & LmdbFormat.DuplicateSort) != 0)
            throw failure("it holds several values for one key, which no data set of Caffe's does");
        return meta;
    }
}
