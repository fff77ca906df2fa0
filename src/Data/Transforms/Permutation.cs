namespace CaffeActors.Data.Transforms;

/// <summary>
/// A permutation of the numbers 0 to count - 1 that is a function of a key: nothing is stored and nothing has to be
/// drawn in order, so any place of any epoch can be asked for at once. A Feistel network of eight rounds permutes the
/// next power of four; numbers that fall outside are sent through again (cycle walking), less than four times on
/// average. Good for shuffling, not for secrets.
/// </summary>
public readonly struct Permutation
{
    private const int Rounds = 8;

    private readonly ulong _key;
    private readonly int _halfBits;

    /// <summary>A permutation.</summary>
    /// <param name="count">How many numbers, at least 1.</param>
    /// <param name="key">Chooses one; equal keys give equal permutations.</param>
    public Permutation(long count, ulong key)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Count = count;
        _key = key;
        int bits = 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)(count - 1));
        _halfBits = Math.Max(1, (bits + 1) / 2);
    }

    /// <summary>How many numbers are permuted.</summary>
    public long Count { get; }

    /// <summary>The number at a place.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    public long this[long index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            ulong number = (ulong)index, mask = (1UL << _halfBits) - 1;
            do
            {
                ulong left = number >> _halfBits, right = number & mask;
                for (int round = 0; round < Rounds; round++)
                    (left, right) = (right, left ^ (Mix(right, round) & mask));
                number = (left << _halfBits) | right;
            }
            while (number >= (ulong)Count);
            return (long)number;
        }
    }

    /// <summary>The key of an epoch's permutation.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="stream">Which of its permutations: the number of a stream's name.</param>
    /// <param name="epoch">Passes over the data before this one.</param>
    public static ulong KeyOf(ulong seed, ulong stream, long epoch)
    {
        var draw = new Compute.Random.RandomDraw(seed, stream, (ulong)epoch);
        return draw.Bits(0) | ((ulong)draw.Bits(1) << 32);
    }

    // splitmix64 of the half, the round and the key.
    private ulong Mix(ulong half, int round)
    {
        ulong z = half + _key + (0x9E3779B97F4A7C15 * (ulong)(round + 1));
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
