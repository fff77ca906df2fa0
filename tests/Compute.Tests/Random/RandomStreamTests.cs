using CaffeActors.Compute.Random;

namespace CaffeActors.Compute.Tests.Random;

public sealed class RandomStreamTests
{
    // FNV-1a's published answers.
    [Theory]
    [InlineData("", 0xcbf29ce484222325)]
    [InlineData("a", 0xaf63dc4c8601ec8c)]
    [InlineData("foobar", 0x85944171f73967e8)]
    public void StreamId_IsFnv1a(string name, ulong expected) => Assert.Equal(expected, RandomStream.StreamId(name));

    [Fact]
    public void NextDraw_CountsDrawsAndCanGoOn()
    {
        var stream = new RandomStream(1701, 5);
        uint[] words = [.. Enumerable.Range(0, 10).Select(_ => stream.NextDraw().Bits(0))];
        Assert.Equal(10ul, stream.Counter);
        Assert.Equal(10, words.Distinct().Count());

        var resumed = new RandomStream(1701, 5, counter: 7);
        Assert.Equal(words[7], resumed.NextDraw().Bits(0));
        stream.Counter = 3;
        Assert.Equal(words[3], stream.NextDraw().Bits(0));
    }

    [Fact]
    public void NextFloatAndNextBelow_TakeOneDrawEach()
    {
        var stream = new RandomStream(1, 2);
        var draws = new RandomStream(1, 2);
        Assert.Equal(draws.NextDraw().Float(0), stream.NextFloat());
        Assert.Equal(draws.NextDraw().Bits(0) % 6, stream.NextBelow(6));
        Assert.Equal(2ul, stream.Counter);
    }
}
