using System.Runtime.CompilerServices;

namespace CaffeActors.Compute.Random;

/// <summary>One draw of a <see cref="RandomStream"/>: random words addressed by position. Thread-safe.</summary>
/// <param name="seed">The run's seed.</param>
/// <param name="stream">The stream's number.</param>
/// <param name="counter">The draw's number in the stream.</param>
public readonly struct RandomDraw(ulong seed, ulong stream, ulong counter)
{
    // The key mixes seed and stream by splitmix64's finalizer, so that neighbouring seeds share nothing.
    private readonly ulong _key = Mix(seed + (0x9E3779B97F4A7C15 * (Mix(stream) | 1)));

    /// <summary>The random word at a position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Bits(uint position)
    {
        (uint x0, uint x1, uint x2, uint x3) = Quad(position >> 2);
        return (position & 3) switch { 0 => x0, 1 => x1, 2 => x2, _ => x3 };
    }

    /// <summary>The words at positions 4 * <paramref name="index"/> to 4 * <paramref name="index"/> + 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (uint X0, uint X1, uint X2, uint X3) Quad(uint index) =>
        Philox.Block(index, 0, (uint)counter, (uint)(counter >> 32), _key);

    /// <summary>The words at positions <paramref name="first"/>, <paramref name="first"/> + 1, ..., quickly.</summary>
    /// <param name="first">The first position, a multiple of 4.</param>
    /// <param name="words">Receives the words; its length is a multiple of 4.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public unsafe void Words(uint first, Span<uint> words)
    {
        if (first % 4 != 0 || words.Length % 4 != 0)
            throw new ArgumentException($"{words.Length} words from {first} on are not whole blocks of four.");
        uint block = first >> 2;
        fixed (uint* target = words)
        {
            int i = 0;
            for (; i + 32 <= words.Length; i += 32, block += 8)
                Philox.EightBlocks(block, 0, (uint)counter, (uint)(counter >> 32), _key, target + i);
            for (; i < words.Length; i += 4, block++)
                (target[i], target[i + 1], target[i + 2], target[i + 3]) = Quad(block);
        }
    }

    /// <summary>A uniform number in [0, 1) with 24 random bits.</summary>
    public float Float(uint position) => (Bits(position) >> 8) * (1f / 16777216f);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
