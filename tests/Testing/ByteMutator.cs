using System.Buffers.Binary;
using CaffeActors.Compute.Random;

namespace CaffeActors.Testing;

/// <summary>Damages files as disks, cut copies and malice do; the same seed damages in the same way.</summary>
/// <param name="seeds">Whole files to start from.</param>
/// <param name="seed">Of the random numbers.</param>
public sealed class ByteMutator(IReadOnlyList<byte[]> seeds, ulong seed)
{
    // What lies at the edges of the types that sizes and offsets are written in.
    private static readonly ulong[] _edges =
        [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, long.MaxValue, ulong.MaxValue];

    private readonly RandomStream _random = new(seed, RandomStream.StreamId("bytes"));

    /// <summary>The next damaged file.</summary>
    public byte[] Next()
    {
        byte[] bytes = [.. seeds[Below(seeds.Count)]];
        // One or two changes in most, so that many files are damaged deep inside and nowhere else.
        for (int changes = 1 + (Below(4) == 0 ? Below(12) : Below(2)); changes > 0; changes--)
            bytes = Changed(bytes);
        return bytes;
    }

    private byte[] Changed(byte[] bytes)
    {
        if (bytes.Length == 0)
            return [(byte)Below(256)];
        // Headers are where the structure is: half of the changes go to the first kilobyte.
        int at = Below(Below(2) == 0 ? bytes.Length : Math.Min(bytes.Length, 1024));
        int length = Math.Min(1 + Below(64), bytes.Length - at);
        switch (Below(8))
        {
            case 0:
                bytes[at] ^= (byte)(1 << Below(8));
                return bytes;
            case 1:
                bytes[at] = (byte)Below(256);
                return bytes;
            case 2:
            case 3:
                return WithNumber(bytes, at);
            case 4:
                return bytes[..at];
            case 5:
                return [.. bytes[..at], .. bytes[(at + length)..]];
            case 6:
                return [.. bytes[..(at + length)], .. bytes[at..]];
            default:
                int from = Below(bytes.Length - length + 1);
                bytes.AsSpan(from, length).CopyTo(bytes.AsSpan(at));
                return bytes;
        }
    }

    private byte[] WithNumber(byte[] bytes, int at)
    {
        Span<byte> number = stackalloc byte[8];
        ulong value = _edges[Below(_edges.Length)];
        if (Below(2) == 0)
            BinaryPrimitives.WriteUInt64LittleEndian(number, value);
        else
            BinaryPrimitives.WriteUInt64BigEndian(number, value << 32 | value >> 32);
        int width = Math.Min(1 << Below(4), bytes.Length - at);
        number[..width].CopyTo(bytes.AsSpan(at));
        return bytes;
    }

    private int Below(int count) => (int)_random.NextBelow((uint)count);
}
