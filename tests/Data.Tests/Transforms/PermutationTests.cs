using CaffeActors.Data.Transforms;
using CsCheck;

namespace CaffeActors.Data.Tests.Transforms;

public sealed class PermutationTests
{
    [Fact]
    public void EveryNumberComesOnce() =>
        Gen.Select(Gen.Int[1, 3000], Gen.ULong).Sample((count, key) =>
        {
            var order = new Permutation(count, key);
            var seen = new bool[count];
            for (int i = 0; i < count; i++)
            {
                long number = order[i];
                Assert.InRange(number, 0, count - 1);
                Assert.False(seen[number]);
                seen[number] = true;
            }
        });

    [Fact]
    public void EveryNumberComesEverywhereAboutAsOften()
    {
        const int Count = 13, Keys = 13_000;
        var hits = new int[Count, Count];
        for (ulong key = 0; key < Keys; key++)
        {
            var order = new Permutation(Count, key);
            for (int i = 0; i < Count; i++)
                hits[i, order[i]]++;
        }

        // Each cell is binomial(13000, 1/13): 1000 with a deviation of 30.
        foreach (int hit in hits)
            Assert.InRange(hit, 1000 - 170, 1000 + 170);
    }

    [Fact]
    public void HugeCounts_StayInRange() =>
        Gen.Select(Gen.Long[1, long.MaxValue / 4], Gen.Long[0, long.MaxValue], Gen.ULong).Sample((count, index, key) =>
            Assert.InRange(new Permutation(count, key)[index % count], 0, count - 1));

    [Fact]
    public void Epochs_HaveOrdersOfTheirOwn()
    {
        long[][] orders = [.. Enumerable.Range(0, 20).Select(epoch =>
        {
            var order = new Permutation(100, Permutation.KeyOf(1, 2, epoch));
            return (long[])[.. Enumerable.Range(0, 100).Select(i => order[i])];
        })];
        Assert.Equal(20, orders.DistinctBy(order => string.Join(' ', order)).Count());
        Assert.NotEqual(Permutation.KeyOf(1, 2, 3), Permutation.KeyOf(2, 2, 3));
        Assert.NotEqual(Permutation.KeyOf(1, 2, 3), Permutation.KeyOf(1, 3, 3));
    }

    [Fact]
    public void OutsideOfIt_IsNothing()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Permutation(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Permutation(3, 1)[3]);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Permutation(3, 1)[-1]);
    }
}
