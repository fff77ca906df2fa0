using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Passes;

namespace CaffeActors.Compute.Tests.Nets.Passes;

public sealed class TrimSplitsTests : PassTests
{
    private const string Silence = """layer { name: "eat" type: "Silence" bottom: "c" }""";
    private const string Convolved = """
        layer { name: "conv" type: "Convolution" bottom: "x" top: "c"
          convolution_param { num_output: 3 kernel_size: 3 weight_filler { type: "xavier" } } }
        """;

    private const string Power = """
        layer { name: "pow" type: "Power" bottom: "c" top: "p" power_param { power: 2 shift: 1 } }
        """;

    private const string Sum = """layer { name: "sum" type: "Eltwise" bottom: "p" bottom: "c" top: "y" }""";

    private static string OneReader =>
        $"{Images} {Convolved} {Unlearned} {Power} {Loss.Replace("\"y\"", "\"p\"", StringComparison.Ordinal)}";

    private static string Unlearned => """
        layer { name: "still" type: "Power" bottom: "c" top: "still" propagate_down: false }
        layer { name: "eat" type: "Silence" bottom: "still" }
        """;

    private static string TwoReaders => $"{Images} {Convolved} {Unlearned} {Power} {Sum} {Loss}";

    [Fact]
    public void ASingleGradient_IsHandedOn()
    {
        using Net net = Build(OneReader), apart = Build(OneReader, NetPasses.None);
        PassEffect effect = Assert.Single(net.PassEffects);
        Assert.Equal((NetPasses.TrimSplits, "c_conv_0_split"), (effect.Pass, effect.Layer));
        Assert.Equal(3 * 4L * net.Blob("c").Count, effect.BackwardBytes);
        Assert.Same(net.Blob("c").DiffMemory, net.Blob("c_conv_0_split_1").DiffMemory);
        Assert.NotSame(net.Blob("c").DiffMemory, net.Blob("c_conv_0_split_0").DiffMemory);
        AssertTrainTheSame(apart, net);
    }

    [Fact]
    public void ALayerThatSharesTheTopOfOne_SharesTheGradientFromTheStart()
    {
        string text = $"""
            {Images} {Convolved} {Unlearned} layer {"{"} name: "flat" type: "Flatten" bottom: "c" top: "flat" {"}"}
            {Loss.Replace("\"y\"", "\"flat\"", StringComparison.Ordinal)}
            """;
        using Net net = Build(text), apart = Build(text, NetPasses.None);
        Assert.Same(net.Blob("c").DiffMemory, net.Blob("flat").DiffMemory);
        AssertTrainTheSame(apart, net);
    }

    [Fact]
    public void OfSeveral_OnlyThoseThatThereAreAreAdded()
    {
        using Net net = Build(TwoReaders), apart = Build(TwoReaders, NetPasses.None);
        Assert.Equal(4L * net.Blob("c").Count, Assert.Single(net.PassEffects).BackwardBytes);
        AssertTrainTheSame(apart, net);
        // What is not added is not read.
        net.Blob("c_conv_0_split_0").MutableDiff.Fill(float.NaN);
        net.Backward();
        Assert.DoesNotContain(net.Blob("c").Diff.ToArray(), float.IsNaN);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void LookedAtBetweenLayers_ASplitAddsAll(bool single)
    {
        using Net net = Build(single ? OneReader : TwoReaders);
        Iterate(net, 0);
        float[] gradient = net.Blob("c").Diff.ToArray();
        net.IsStepwise = true;
        net.Backward();
        Assert.Equal(gradient, net.Blob("c").Diff);
        net.Blob("c_conv_0_split_0").MutableDiff.Fill(2);
        net.Backward();
        for (int i = 0; i < gradient.Length; i++)
            Assert.Equal(gradient[i] + 2, net.Blob("c").Diff[i], 1e-6f);
    }

    [Fact]
    public void AGrowingBatch_IsFollowed()
    {
        using Net net = Build(OneReader), apart = Build(OneReader, NetPasses.None);
        foreach (Net each in (Net[])[net, apart])
        {
            Iterate(each, 0);
            each.Blob("x").Reshape(5, 4, 9, 7);
        }

        AssertTrainTheSame(apart, net);
        Assert.Same(net.Blob("c").DiffMemory, net.Blob("c_conv_0_split_1").DiffMemory);
    }

    [Fact]
    public void ALossWeightOfASplit_Stays()
    {
        string weighted = Convolved.Replace(
            "top: \"c\"", "top: \"c\" loss_weight: 0.5", StringComparison.Ordinal);
        string text = $"{Images} {weighted} {Power} {Loss.Replace("\"y\"", "\"p\"", StringComparison.Ordinal)}";
        using Net net = Build(text), apart = Build(text, NetPasses.None);
        Assert.Empty(net.PassEffects);
        AssertTrainTheSame(apart, net);
    }

    [Fact]
    public void ReadersThatAllGiveGradients_AreLeftAsTheyAre() =>
        Assert.Empty(Effects($"{Images} {Convolved} {Power} {Sum} {Loss}", NetPasses.TrimSplits));

    [Fact]
    public void SplitsThatNeedNoGradient_DoNothingBackward()
    {
        using Net net = Build($"{Images} {Silence.Replace("\"c\"", "\"x\"", StringComparison.Ordinal)} "
            + $"{Convolved} {Power} {Sum} {Loss}");
        Assert.False(net.Layers.Single(layer => layer.Name == "x_in_0_split").NeedBackward);
    }
}
