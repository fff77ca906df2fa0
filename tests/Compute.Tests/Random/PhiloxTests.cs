using CaffeActors.Compute.Random;

namespace CaffeActors.Compute.Tests.Random;

public sealed unsafe class PhiloxTests
{
    // Random123's known answers for philox4x32-10: counter, key, result.
    [Theory]
    [InlineData(new uint[] { 0, 0, 0, 0 }, 0ul, new uint[] { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 })]
    [InlineData(
        new uint[] { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff }, 0xffffffffffffffff,
        new uint[] { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd })]
    [InlineData(
        new uint[] { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 }, 0x299f31d0a4093822,
        new uint[] { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 })]
    public void Block_GivesThePublishedAnswers(uint[] counter, ulong key, uint[] expected)
    {
        Assert.Equal(
            (expected[0], expected[1], expected[2], expected[3]),
            Philox.Block(counter[0], counter[1], counter[2], counter[3], key));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(12345u)]
    [InlineData(0xfffffffcu)]
    public void EightBlocks_AreThoseOfBlock(uint first)
    {
        const ulong Key = 0x299f31d0a4093822;
        uint* words = stackalloc uint[32];
        Philox.EightBlocks(first, 7, 0xfedcba98, 0xffffffff, Key, words);
        for (uint i = 0; i < 8; i++)
        {
            (uint, uint, uint, uint) expected = Philox.Block(first + i, 7, 0xfedcba98, 0xffffffff, Key);
            Assert.Equal(expected, (words[4 * i], words[(4 * i) + 1], words[(4 * i) + 2], words[(4 * i) + 3]));
        }
    }
}
