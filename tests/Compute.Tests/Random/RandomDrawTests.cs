using System.Numerics;
using CaffeActors.Compute.Random;

namespace CaffeActors.Compute.Tests.Random;

public sealed class RandomDrawTests
{
    [Fact]
    public void Words_AreThoseOfBits()
    {
        var draw = new RandomDraw(1, 2, 0x123456789);
        foreach (int length in (int[])[0, 4, 28, 32, 36, 100])
        {
            foreach (uint first in (uint[])[0, 4, 1000, 0x80000000, 0xffffff9c])
            {
                uint[] words = new uint[length];
                draw.Words(first, words);
                for (uint i = 0; i < length; i++)
                    Assert.Equal(draw.Bits(first + i), words[i]);
            }
        }
    }

    [Fact]
    public void Words_RefusesPartsOfBlocks()
    {
        Assert.Throws<ArgumentException>(() => new RandomDraw(1, 2, 3).Words(2, new uint[4]));
        Assert.Throws<ArgumentException>(() => new RandomDraw(1, 2, 3).Words(4, new uint[5]));
    }

    [Fact]
    public void Bits_AreUniformInEveryBit()
    {
        const int Count = 1 << 18;
        uint[] words = new uint[Count];
        new RandomDraw(1701, 3, 0).Words(0, words);
        for (int bit = 0; bit < 32; bit++)
        {
            int ones = words.Count(word => (word >> bit & 1) != 0);
            // Six standard deviations of a fair coin.
            Assert.InRange(ones, (Count / 2) - (3 * 512), (Count / 2) + (3 * 512));
        }
    }

    [Fact]
    public void Float_IsUniform()
    {
        const int Count = 1 << 18, Bins = 64;
        var draw = new RandomDraw(5, 6, 7);
        int[] bins = new int[Bins];
        for (uint i = 0; i < Count; i++)
        {
            float value = draw.Float(i);
            Assert.InRange(value, 0, 0.99999994f);
            bins[(int)(value * Bins)]++;
        }

        double expected = (double)Count / Bins;
        double chiSquared = bins.Sum(n => (n - expected) * (n - expected) / expected);
        // 63 degrees of freedom: mean 63, standard deviation 11.2.
        Assert.InRange(chiSquared, 20, 130);
    }

    // Seeds, streams and counters that differ in one bit share nothing: about half of all bits differ.
    [Fact]
    public void Neighbours_AreIndependent()
    {
        const int Count = 4096;
        uint[] here = new uint[Count], there = new uint[Count];
        new RandomDraw(1, 1, 0).Words(0, here);
        (ulong, ulong, ulong)[] neighbours = [(2, 1, 0), (1, 2, 0), (1, 1, 1), (1, 0, 0), (0, 1, 0), (1, 1, 1ul << 63)];
        foreach ((ulong seed, ulong stream, ulong counter) in neighbours)
        {
            new RandomDraw(seed, stream, counter).Words(0, there);
            int differ = 0;
            for (int i = 0; i < Count; i++)
                differ += BitOperations.PopCount(here[i] ^ there[i]);
            Assert.InRange(differ, (16 * Count) - 1100, (16 * Count) + 1100);
            Assert.True(here.Intersect(there).Count() < 20);
        }
    }

    [Fact]
    public void SeedAndStream_DoNotStandForEachOther() =>
        Assert.NotEqual(new RandomDraw(1, 2, 0).Bits(0), new RandomDraw(2, 1, 0).Bits(0));
}
