using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Random;

/// <summary>
/// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3; SC 2011): a pure function
/// from a 128-bit counter and a 64-bit key to 128 random bits. Any number of any stream can be had without those
/// before it, so the same numbers come from one thread, from many, and from an accelerator.
/// </summary>
public static class Philox
{
    private const uint M0 = 0xD2511F53, M1 = 0xCD9E8D57, W0 = 0x9E3779B9, W1 = 0xBB67AE85;

    /// <summary>Four random 32-bit words.</summary>
    /// <param name="c0">Counter, lowest word.</param>
    /// <param name="c1">Counter, second word.</param>
    /// <param name="c2">Counter, third word.</param>
    /// <param name="c3">Counter, highest word.</param>
    /// <param name="key">The key.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (uint X0, uint X1, uint X2, uint X3) Block(uint c0, uint c1, uint c2, uint c3, ulong key)
    {
        uint k0 = (uint)key, k1 = (uint)(key >> 32);
        for (int round = 0; round < 10; round++)
        {
            ulong p0 = (ulong)M0 * c0, p1 = (ulong)M1 * c2;
            c0 = (uint)(p1 >> 32) ^ c1 ^ k0;
            c1 = (uint)p1;
            c2 = (uint)(p0 >> 32) ^ c3 ^ k1;
            c3 = (uint)p0;
            k0 += W0;
            k1 += W1;
        }

        return (c0, c1, c2, c3);
    }

    /// <summary>Eight blocks one after the other in memory, those of the counters c0 to c0 + 7 (modulo 2^32).</summary>
    /// <param name="c0">Counter, lowest word, of the first block.</param>
    /// <param name="c1">Counter, second word.</param>
    /// <param name="c2">Counter, third word.</param>
    /// <param name="c3">Counter, highest word.</param>
    /// <param name="key">The key.</param>
    /// <param name="words">Receives the 32 words.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static unsafe void EightBlocks(uint c0, uint c1, uint c2, uint c3, ulong key, uint* words)
    {
        // A block in each 64-bit lane, its words in the lanes' low halves.
        Vector512<ulong> low = Vector512.Create((ulong)uint.MaxValue);
        Vector512<ulong> x0 = (Vector512.Create((ulong)c0) + Vector512<ulong>.Indices) & low;
        Vector512<ulong> x1 = Vector512.Create((ulong)c1);
        Vector512<ulong> x2 = Vector512.Create((ulong)c2);
        Vector512<ulong> x3 = Vector512.Create((ulong)c3);
        uint k0 = (uint)key, k1 = (uint)(key >> 32);
        for (int round = 0; round < 10; round++)
        {
            Vector512<ulong> p0 = x0 * M0, p1 = x2 * M1;
            x0 = (p1 >> 32) ^ x1 ^ Vector512.Create((ulong)k0);
            x1 = p1 & low;
            x2 = (p0 >> 32) ^ x3 ^ Vector512.Create((ulong)k1);
            x3 = p0 & low;
            k0 += W0;
            k1 += W1;
        }

        Vector512<ulong> first = x0 | (x1 << 32), second = x2 | (x3 << 32);
        var even = Vector512.Create(Vector128.Create(ulong.MaxValue, 0));
        Vector512<ulong> lower = Vector512.Create(0ul, 0, 1, 1, 2, 2, 3, 3);
        Vector512<ulong> upper = Vector512.Create(4ul, 4, 5, 5, 6, 6, 7, 7);
        Vector512.ConditionalSelect(even, Vector512.Shuffle(first, lower), Vector512.Shuffle(second, lower))
            .AsUInt32().Store(words);
        Vector512.ConditionalSelect(even, Vector512.Shuffle(first, upper), Vector512.Shuffle(second, upper))
            .AsUInt32().Store(words + 16);
    }
}
