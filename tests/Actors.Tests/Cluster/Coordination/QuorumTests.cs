using CaffeActors.Actors.Cluster.Coordination;

namespace CaffeActors.Actors.Tests.Cluster.Coordination;

/// <summary>Who may go on.</summary>
public sealed class QuorumTests
{
    [Theory]
    [InlineData("", "1", true)]
    [InlineData("1", "1", true)]
    [InlineData("1 2", "1", true)]
    [InlineData("1 2", "2", false)]
    [InlineData("1 2 3", "2 3", true)]
    [InlineData("1 2 3", "1", false)]
    [InlineData("1 2 3 4", "1 4", true)]
    [InlineData("1 2 3 4", "2 3", false)]
    [InlineData("1 2 3", "4 5 6", false)]
    public void MoreThanHalf_OrHalfWithTheFirst(string members, string present, bool holds) =>
        Assert.Equal(holds, Quorum.Holds(Numbers(members), Numbers(present)));

    [Fact]
    public void OfTwoDisjointSets_OneAtMostHolds()
    {
        for (int count = 1; count <= 8; count++)
        {
            ulong[] members = [.. Enumerable.Range(1, count).Select(node => (ulong)node)];
            for (int set = 0; set < 1 << count; set++)
            {
                ulong[] one = [.. members.Where((_, i) => (set >> i & 1) != 0)];
                Assert.False(Quorum.Holds(members, one) && Quorum.Holds(members, [.. members.Except(one)]));
            }
        }
    }

    [Fact]
    public void Addresses_AreOrderedByHostThenPortAsANumber() => Assert.Equal(
        ["10.0.0.1:900", "10.0.0.1:4053", "10.0.0.2:80", "node-1:1"],
        ((string[])["node-1:1", "10.0.0.2:80", "10.0.0.1:4053", "10.0.0.1:900"]).Order(AddressOrder.Instance));

    private static ulong[] Numbers(string text) =>
        [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(ulong.Parse)];
}
