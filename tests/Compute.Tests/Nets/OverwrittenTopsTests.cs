using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Nets;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Nets;

public sealed class OverwrittenTopsTests : NetTests
{
    private const string Scale = "type: \"Power\" power_param { scale: -3 shift: 0.25 }";

    // A layer, and after it one in place or apart, perhaps with another between them.
    private float[] Gradient(
        string layer, string between, bool inPlace, bool firstInPlace = false, bool allInPlace = false)
    {
        float least = layer.Contains("Log", StringComparison.Ordinal) ? 0.2f : -1.5f;
        string first = firstInPlace ? "x" : "y", second = between.Length > 0 && !allInPlace ? "z" : first;
        string middle = between.Length == 0 ? ""
            : $"layer {{ name: \"between\" bottom: \"{first}\" top: \"{second}\" {between} }}";
        using Net net = Build($$"""
            force_backward: true
            layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 3 dim: 7 } } }
            layer { name: "first" bottom: "x" top: "{{first}}" {{layer}} }
            {{middle}}
            layer { name: "over" bottom: "{{second}}" top: "{{(inPlace ? second : "over")}}" {{Scale}} }
            layer { name: "end" type: "Reduction" bottom: "{{(inPlace ? second : "over")}}" top: "end"
                    reduction_param { operation: SUMSQ } loss_weight: 1 }
            """);
        for (int pass = 0; pass < 2; pass++)
        {
            LayerHarness.FillRandom(net.Blob("x").MutableData, 1, least, 2);
            net.Forward();
            net.Backward();
        }

        Assert.Contains(net.Blob("x").Diff.ToArray(), value => MathF.Abs(value) > 1e-3f);
        return net.Blob("x").Diff.ToArray();
    }

    [Theory]
    [InlineData("type: \"TanH\"")]
    [InlineData("type: \"Sigmoid\"")]
    [InlineData("type: \"Softmax\"")]
    [InlineData("type: \"Exp\" exp_param { base: 2 }")]
    [InlineData("type: \"ELU\"")]
    [InlineData("type: \"ELU\" elu_param { alpha: -1 }")]
    [InlineData("type: \"Power\" power_param { power: 3 shift: -1 }")]
    [InlineData("type: \"Power\" power_param { power: 2 shift: -1 }")]
    [InlineData("type: \"ReLU\"")]
    [InlineData("type: \"ReLU\" relu_param { negative_slope: 0.1 }")]
    [InlineData("type: \"ReLU\" relu_param { negative_slope: -0.1 }")]
    [InlineData("type: \"BNLL\"")]
    [InlineData("type: \"Swish\"")]
    [InlineData("type: \"PReLU\"")]
    [InlineData("type: \"Log\"")]
    public void GradientBelow_IsTheSame(string layer)
    {
        foreach (string between in (string[])
            ["", "type: \"Flatten\" flatten_param { axis: 0 }", "type: \"Concat\"", "type: \"Slice\""])
        {
            float[] apart = Gradient(layer, between, inPlace: false);
            Assert.Equal(apart, Gradient(layer, between, inPlace: true));
            Assert.Equal(apart, Gradient(layer, between, inPlace: true, firstInPlace: true));
        }
    }

    [Theory]
    [InlineData("TanH")]
    [InlineData("ReLU")]
    public void Dropout_MayFollowInPlace(string type)
    {
        float[][] gradients = [.. ((string[])["y", "z"]).Select(top =>
        {
            using Net net = Build($$"""
                force_backward: true state { phase: TRAIN }
                layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 3 dim: 70 } } }
                layer { name: "copy" type: "Power" bottom: "x" top: "y" }
                layer { name: "first" type: "{{type}}" bottom: "y" top: "y" }
                layer { name: "drop" type: "Dropout" bottom: "y" top: "{{top}}" }
                layer { name: "end" type: "Reduction" bottom: "{{top}}" top: "end"
                        reduction_param { operation: SUMSQ } loss_weight: 1 }
                """);
            LayerHarness.FillRandom(net.Blob("x").MutableData, 1, -2, 2);
            net.Forward();
            net.Backward();
            return net.Blob("x").Diff.ToArray();
        })];
        Assert.Equal(gradients[0], gradients[1]);
        Assert.Contains(gradients[0], value => value != 0);
    }

    [Fact]
    public void ChainInPlace_IsSeenThrough()
    {
        const string Dropout = "type: \"Dropout\"";
        // In phase TEST, where Dropout changes nothing and the last layer all signs.
        foreach (string layer in (string[])["type: \"ReLU\" relu_param { negative_slope: 0.1 }", "type: \"TanH\""])
        {
            float[] apart = Gradient(layer, Dropout, inPlace: false);
            Assert.Equal(apart, Gradient(layer, Dropout, inPlace: true, firstInPlace: true, allInPlace: true));
        }
    }

    [Fact]
    public void QuotientOfAProduct_IsTheSame()
    {
        float[][] gradients = [.. ((string[])["p", "z"]).Select(top =>
        {
            using Net net = Build($$"""
                force_backward: true
                layer { name: "in" type: "Input" top: "a" top: "b" top: "c" input_param { shape { dim: 2 dim: 9 } } }
                layer { name: "product" type: "Eltwise" bottom: "a" bottom: "b" bottom: "c" top: "p"
                        eltwise_param { operation: PROD stable_prod_grad: false } }
                layer { name: "over" bottom: "p" top: "{{top}}" {{Scale}} }
                layer { name: "end" type: "Reduction" bottom: "{{top}}" top: "end"
                        reduction_param { operation: SUMSQ } loss_weight: 1 }
                """);
            foreach (string input in (string[])["a", "b", "c"])
                LayerHarness.FillRandom(net.Blob(input).MutableData, input[0], 0.5f, 2);
            net.Forward();
            net.Backward();
            return (float[])[.. net.Blob("a").Diff, .. net.Blob("c").Diff];
        })];
        Assert.Equal(gradients[0], gradients[1]);
    }
}
