using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Prototxt.Upgrades;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Prototxt.Upgrades;

public sealed class BatchNormUpgradeTests
{
    [Fact]
    public void ThreeParams_GetZeroMultipliers()
    {
        NetParameter net = Corpus.Net("net-inputs.prototxt");
        UpgradeResult result = NetUpgrade.Upgrade(net);
        LayerParameter norm = net.Layer.Single(layer => layer.Type == "BatchNorm");
        Assert.All(norm.Param, spec => Assert.Equal((0f, 0f), (spec.LrMult, spec.DecayMult)));
        Assert.Equal("var", norm.Param[1].Name);
        Assert.Contains(result.Notices, notice => notice.Text.StartsWith("Layer 'norm':", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("type: 'BatchNorm' param { lr_mult: 1 }")]
    [InlineData("type: 'BatchNorm' param {} param {} param {} param {}")]
    [InlineData("type: 'Scale' param {} param {} param {}")]
    [InlineData("type: 'BatchNorm' param { lr_mult: 0 decay_mult: 0 } param { lr_mult: 0 decay_mult: 0 } "
        + "param { lr_mult: 0 decay_mult: 0 }")]
    public void AllElse_IsLeftAlone(string layer)
    {
        NetParameter net = TextFormat.Parse<NetParameter>($"layer {{ {layer} }}"), before = net.Clone();
        Assert.False(NetUpgrade.Upgrade(net).Changed);
        Assert.Equal(before, net);
    }
}
