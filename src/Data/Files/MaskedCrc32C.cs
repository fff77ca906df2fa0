using System.Numerics;
using System.Runtime.InteropServices;

namespace CaffeActors.Data.Files;

/// <summary>The checksum of LevelDB's files and of TFRecords: CRC-32C, masked so that a checksum of bytes that hold
/// checksums is no worse than another.</summary>
public static class MaskedCrc32C
{
    /// <summary>The masked checksum of bytes and the ones that follow them.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> more = default)
    {
        uint crc = ~Crc(Crc(uint.MaxValue, bytes), more);
        return ((crc >> 15) | (crc << 17)) + 0xA282EAD8;
    }

    private static uint Crc(uint crc, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
            crc = BitOperations.Crc32C(crc, word);
        foreach (byte value in bytes[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, value);
        return crc;
    }
}
