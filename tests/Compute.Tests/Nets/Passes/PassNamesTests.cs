using CaffeActors.Compute.Nets.Passes;

namespace CaffeActors.Compute.Tests.Nets.Passes;

public sealed class PassNamesTests
{
    [Theory]
    [InlineData("all", NetPasses.All)]
    [InlineData("none", NetPasses.None)]
    [InlineData("", NetPasses.None)]
    [InlineData("fuse-relu", NetPasses.FuseReLU)]
    [InlineData("trim-splits fold-batch-norm", NetPasses.TrimSplits | NetPasses.FoldBatchNorm)]
    public void TryParse_Reads(string names, NetPasses passes) =>
        Assert.Equal(passes, PassNames.TryParse(names.Split(' ', StringSplitOptions.RemoveEmptyEntries)));

    [Theory]
    [InlineData("fuse-bias")]
    [InlineData("fuse-relu all")]
    [InlineData("none none")]
    public void TryParse_RefusesWhatItDoesNotKnow(string names)
    {
        Assert.Null(PassNames.TryParse(names.Split(' ')));
        Assert.Equal(
            "all, none, or a list of fold-batch-norm, fuse-relu, trim-splits, keep-weights", PassNames.Expected);
    }

    [Fact]
    public void EachPass_HasAName()
    {
        NetPasses[] single = [.. Enum.GetValues<NetPasses>().Where(pass => int.PopCount((int)pass) == 1)];
        Assert.Equal(NetPasses.All, single.Aggregate((all, pass) => all | pass));
        Assert.All(single, pass => Assert.Equal(pass, PassNames.TryParse([PassNames.Of(pass)])));
    }
}
