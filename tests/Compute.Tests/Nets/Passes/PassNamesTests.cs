using CaffeActors.Compute.Diagnostics;
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
    public void Parse_Reads(string names, NetPasses passes) =>
        Assert.Equal(passes, PassNames.Parse(names.Split(' ', StringSplitOptions.RemoveEmptyEntries), "it"));

    [Theory]
    [InlineData("fuse-bias")]
    [InlineData("fuse-relu all")]
    [InlineData("none none")]
    public void Parse_RefusesWhatItDoesNotKnow(string names)
    {
        CaffeException failure = Assert.Throws<CaffeException>(() => PassNames.Parse(names.Split(' '), "compute.passes"));
        Assert.Equal(ErrorCodes.BadSetting, failure.Code);
        Assert.Contains("compute.passes is all, none or some of fold-batch-norm, fuse-relu, trim-splits, keep-weights",
            failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EachPass_HasAName()
    {
        foreach (NetPasses pass in Enum.GetValues<NetPasses>().Where(pass => int.PopCount((int)pass) == 1))
            Assert.Equal(pass, PassNames.Parse([PassNames.Of(pass)], "it"));
    }
}
