using System.Text;

namespace CaffeActors.Compute.Random;

/// <summary>
/// A stream of random numbers whose whole state is (seed, stream, counter). The counter counts draws; a draw gives
/// up to 2^32 words that are addressed by position (<see cref="RandomDraw"/>), so how the work is split over threads
/// does not change them. Not thread-safe; the draws are.
/// </summary>
public sealed class RandomStream
{
    /// <summary>A stream at its beginning.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="stream">The stream's number; see <see cref="StreamId"/>.</param>
    /// <param name="counter">Draws taken so far.</param>
    public RandomStream(ulong seed, ulong stream, ulong counter = 0)
    {
        Seed = seed;
        Stream = stream;
        Counter = counter;
    }

    /// <summary>The run's seed.</summary>
    public ulong Seed { get; private set; }

    /// <summary>The stream's number.</summary>
    public ulong Stream { get; private set; }

    /// <summary>Draws taken so far; set it to go on where another run stopped.</summary>
    public ulong Counter { get; set; }

    /// <summary>The number of a stream by its name: FNV-1a, 64 bits, over UTF-8.</summary>
    public static ulong StreamId(string name)
    {
        ulong hash = 14695981039346656037;
        foreach (byte b in Encoding.UTF8.GetBytes(name))
            hash = (hash ^ b) * 1099511628211;
        return hash;
    }

    /// <summary>Goes on as another stream, from where that one stands.</summary>
    /// <param name="seed">Its seed.</param>
    /// <param name="stream">Its number.</param>
    /// <param name="counter">Draws taken from it so far.</param>
    public void GoOnAs(ulong seed, ulong stream, ulong counter) => (Seed, Stream, Counter) = (seed, stream, counter);

    /// <summary>Takes the next draw.</summary>
    public RandomDraw NextDraw() => new(Seed, Stream, Counter++);

    /// <summary>One uniform number in [0, 1), one draw.</summary>
    public float NextFloat() => NextDraw().Float(0);

    /// <summary>One number in [0, <paramref name="limit"/>), one draw; a modulus, as Caffe takes it.</summary>
    public uint NextBelow(uint limit) => NextDraw().Bits(0) % limit;
}
