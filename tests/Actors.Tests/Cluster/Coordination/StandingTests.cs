using CaffeActors.Actors.Cluster.Coordination;
using CaffeActors.Actors.Cluster.Messages;

namespace CaffeActors.Actors.Tests.Cluster.Coordination;

/// <summary>What follows from where nodes stand.</summary>
public sealed class StandingTests
{
    [Fact]
    public void NobodyHasParameters_TheRunBegins()
    {
        Standing standing = Of(new Frozen { Member = new Member { Node = 1 } });

        Assert.True(standing.HasQuorum);
        Assert.Equal(-1, standing.Base);
    }

    [Fact]
    public void AllWhoAreLeftHoldTheSum_ItIsCommitted()
    {
        Standing standing = Of(Trained(1, 7, reduced: true), Trained(2, 7, reduced: true));

        Assert.True(standing.HasQuorum);
        Assert.Equal(8, standing.Base);
        Assert.True(standing.HasLost);
        Assert.All(standing.Answers, answer => Assert.True(standing.IsHolder(answer)));
    }

    [Fact]
    public void OneHasCommittedAlready_TheOthersFollow()
    {
        Standing standing = Of(Trained(1, 8), Trained(2, 7, reduced: true), Trained(3, 7, reduced: true));

        Assert.Equal(8, standing.Base);
        Assert.False(standing.HasLost);
    }

    [Fact]
    public void OneDoesNotHoldTheSum_ItIsDoneAgain()
    {
        Standing standing = Of(Trained(1, 7, reduced: true), Trained(2, 7));

        Assert.Equal(7, standing.Base);
        Assert.All(standing.Answers, answer => Assert.True(standing.IsHolder(answer)));
    }

    [Fact]
    public void ParametersOfAnOlderEpoch_CountForNothing()
    {
        Frozen outlived = Trained(3, 9);
        outlived.Started = outlived.View = 4;
        Standing standing = Of(Trained(1, 7), Trained(2, 7), outlived);

        Assert.Equal(7, standing.Base);
        Assert.False(standing.IsHolder(outlived));
    }

    [Fact]
    public void AnEpochThatMayHaveBegunElsewhere_NeedsItsOwnQuorum()
    {
        // Nodes 1 and 2 formed epoch 6 without 3; 2 heard of it, and 1 may train in it.
        Frozen heard = Trained(2, 7);
        heard.View = 6;
        heard.ViewMembers.Clear();
        heard.ViewMembers.AddRange([1UL, 2UL]);

        Assert.False(Of(heard, Trained(3, 7)).HasQuorum);
        Assert.True(Of(heard, Trained(1, 7)).HasQuorum);
    }

    [Fact]
    public void ALoneNodeOfThree_MayNotGoOn() => Assert.False(Of(Trained(1, 7)).HasQuorum);

    private static Standing Of(params Frozen[] answers) => new(answers);

    // A node of epoch 5, which nodes 1 to 3 trained in.
    private static Frozen Trained(ulong node, long committed, bool reduced = false) => new()
    {
        Member = new Member { Node = node },
        Epoch = 7,
        View = 5,
        ViewMembers = { 1UL, 2UL, 3UL },
        Started = 5,
        StartedMembers = { 1UL, 2UL, 3UL },
        HasState = true,
        Committed = committed,
        Reduced = reduced,
    };
}
