using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Prototxt.Upgrades;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Prototxt.Upgrades;

public sealed class InputFieldsUpgradeTests
{
    [Fact]
    public void InputDims_BecomeAnInputLayerInTheFirstPlace()
    {
        NetParameter net = Corpus.Net("net-inputs.prototxt");
        Assert.True(NetUpgrade.Upgrade(net).Changed);
        Assert.Empty(net.Input);
        Assert.Empty(net.InputDim);
        Assert.True(net.ForceBackward);
        Assert.Equal(
            TextFormat.Parse<LayerParameter>(
                """
                name: "input" type: "Input" top: "data" top: "extra"
                input_param { shape { dim: [10, 3, 227, 227] } shape { dim: [10, 1, 1, 1] } }
                """),
            net.Layer[0]);
        Assert.Equal(["Input", "BatchNorm", "Softmax"], net.Layer.Select(layer => layer.Type));
        Assert.Equal(new SourcePlace("net-inputs.prototxt", 2, 1), SourcePlaces.Of(net.Layer[0]));
        Assert.Equal(new SourcePlace("net-inputs.prototxt", 7, 1), SourcePlaces.OfField(net.Layer[0], "top", 1));
    }

    [Fact]
    public void InputShapes_KeepAnyNumberOfAxes()
    {
        NetParameter net = TextFormat.Parse<NetParameter>(
            "input: ['a', 'b'] input_shape { dim: [2, 3] } input_shape { dim: [1, 2, 3, 4, 5] }");
        NetUpgrade.Upgrade(net);
        Assert.Equal(["a", "b"], net.Layer[0].Top);
        Assert.Equal([2L, 3], net.Layer[0].InputParam.Shape[0].Dim);
        Assert.Equal([1L, 2, 3, 4, 5], net.Layer[0].InputParam.Shape[1].Dim);
        Assert.Empty(net.InputShape);
    }

    [Fact]
    public void InputWithoutShape_IsDropped()
    {
        NetParameter net = TextFormat.Parse<NetParameter>("input: 'a' layer { name: 'r' }");
        UpgradeResult result = NetUpgrade.Upgrade(net);
        Assert.Equal(TextFormat.Parse<NetParameter>("layer { name: 'r' }"), net);
        Assert.Contains("makes no blob and was dropped: a.", Assert.Single(result.Notices).Text);
    }

    [Theory]
    [InlineData("input: 'a' input_dim: [1, 2, 3, 4, 5]", "1 of 5 'input_dim' belong to no 'input'.")]
    [InlineData("input: 'a' input_shape {} input_shape {}", "1 of 2 'input_shape' belong to no 'input'.")]
    [InlineData("input: 'a' input_shape {} input_dim: 3", "'input_dim' does not count beside 'input_shape'.")]
    public void TooManyShapes_AreTold(string text, string expected)
    {
        NetParameter net = TextFormat.Parse<NetParameter>(text);
        Assert.Contains(NetUpgrade.Upgrade(net).Notices, notice => notice.Text == expected);
        Assert.Single(net.Layer[0].InputParam.Shape);
        Assert.Empty(net.InputDim);
    }

    [Theory]
    [InlineData("input: 'a'\ninput_dim: [1, 2, 3]", "1 'input' and 3 'input_dim'; 4 are needed")]
    [InlineData("input: ['a', 'b']\ninput_shape { dim: 1 }", "2 'input' and 1 'input_shape'; 2 are needed")]
    public void TooFewShapes_AreRefused(string text, string part)
    {
        NetParameter net = TextFormat.Parse<NetParameter>(text, "n.prototxt");
        var fault = Assert.Throws<CaffeException>(() => NetUpgrade.Upgrade(net));
        Assert.Equal(ErrorCodes.BadNet, fault.Code);
        Assert.Contains(part, fault.Message);
        Assert.Equal(2, fault.Place!.Value.Line);
    }
}
