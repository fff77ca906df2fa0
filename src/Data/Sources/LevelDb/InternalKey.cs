using System.Buffers.Binary;

namespace CaffeActors.Data.Sources.LevelDb;

/// <summary>A user's key with the sequence number and kind of its record behind it.</summary>
internal static class InternalKey
{
    /// <summary>The user's key.</summary>
    public static ReadOnlySpan<byte> UserKey(ReadOnlySpan<byte> key) => key[..^LevelDbFormat.KeyTail];

    /// <summary>Sequence number times 256, plus kind.</summary>
    public static ulong Tail(ReadOnlySpan<byte> key) =>
        BinaryPrimitives.ReadUInt64LittleEndian(key[^LevelDbFormat.KeyTail..]);

    /// <summary>The order of tables: ascending by user key, of equal ones the newest first.</summary>
    public static int Compare(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        int order = UserKey(a).SequenceCompareTo(UserKey(b));
        return order != 0 ? order : Tail(b).CompareTo(Tail(a));
    }
}
