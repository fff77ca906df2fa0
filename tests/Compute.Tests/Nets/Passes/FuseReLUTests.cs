using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Passes;

namespace CaffeActors.Compute.Tests.Nets.Passes;

public sealed class FuseReLUTests : PassTests
{
    public static TheoryData<string> Hosts =>
    [
        Convolution,
        Layer("Convolution", "convolution_param { num_output: 5 kernel_size: 1 bias_term: false }"),
        Layer("Convolution", "convolution_param { num_output: 4 kernel_size: 3 stride: 2 group: 2 }"),
        Layer("Convolution", "convolution_param { num_output: 4 kernel_size: 3 pad: 1 group: 4 }"),
        Layer("Convolution", "param { lr_mult: 0 } convolution_param { num_output: 40 kernel_size: 5 pad: 2 }"),
        Layer("Convolution", "param {} param { lr_mult: 0 } convolution_param { num_output: 3 kernel_size: 2 }"),
        Layer("InnerProduct", "inner_product_param { num_output: 11 }"),
        Layer("InnerProduct", "inner_product_param { num_output: 6 axis: -1 bias_term: false transpose: true }"),
        Layer("Scale", "scale_param { bias_term: true filler { type: \"uniform\" min: -1 } }"),
        Layer("Scale", "scale_param { axis: -1 filler { type: \"uniform\" min: -1 } }"),
        Layer("BatchNorm", ""),
        Layer("BatchNorm", "batch_norm_param { use_global_stats: true }"),
        Layer("Eltwise", "bottom: \"x\" eltwise_param { coeff: [1, -3] }"),
    ];

    private static string Layer(string type, string more) =>
        $"layer {{ name: \"host\" type: \"{type}\" bottom: \"x\" top: \"y\" {more} }}".Replace(
            "num_output", "weight_filler { type: \"xavier\" } num_output", StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Hosts))]
    public void FusedNet_TrainsToTheSameBits(string host)
    {
        foreach (string slope in (string[])["0", "0.25"])
        {
            string text = $"force_backward: true {Images} {host} {Sloped(slope)} {Loss}";
            using Net apart = Build(text, NetPasses.None), fused = Build(text, NetPasses.FuseReLU);
            PassEffect effect = Assert.Single(fused.PassEffects);
            Assert.Equal((NetPasses.FuseReLU, "relu"), (effect.Pass, Assert.Single(effect.Absorbed)));
            Assert.Empty(apart.PassEffects);
            AssertTrainTheSame(apart, fused);
            Assert.Contains(fused.Blob("y").Data.ToArray(), value => value > 0.01f);
        }
    }

    [Fact]
    public void WorkingInPlaceItself_AHostIsFusedToo()
    {
        string text = $"""
            force_backward: true {Images} {Convolution.Replace("\"y\"", "\"c\"", StringComparison.Ordinal)}
            layer {"{"} name: "bn" type: "BatchNorm" bottom: "c" top: "y" {"}"}
            layer {"{"} name: "scale" type: "Scale" bottom: "y" top: "y" scale_param {"{"} bias_term: true {"}"} {"}"}
            {ReLU} {Loss}
            """;
        using Net apart = Build(text, NetPasses.None), fused = Build(text);
        Assert.Equal("scale", Assert.Single(fused.PassEffects).Layer);
        AssertTrainTheSame(apart, fused);
    }

    [Fact]
    public void Dropout_MayFollowInPlace()
    {
        string text = $"""
            force_backward: true {Images} {Convolution} {ReLU}
            layer {"{"} name: "drop" type: "Dropout" bottom: "y" top: "y" {"}"} {Loss}
            """;
        using Net apart = Build(text, NetPasses.None), fused = Build(text);
        Assert.Single(fused.PassEffects);
        AssertTrainTheSame(apart, fused);
    }

    [Fact]
    public void TheEffect_TellsWhatIsSaved()
    {
        const long Blob = 4L * 3 * 6 * 9 * 7;
        PassEffect trained = Assert.Single(Effects($"{Images} {Convolution} {ReLU} {Loss}", NetPasses.FuseReLU));
        Assert.Equal(
            ("conv", 2 * Blob, Blob, 0),
            (trained.Layer, trained.ForwardBytes, trained.BackwardBytes, trained.KeptBytes));
        PassEffect used = Assert.Single(
            Effects($"state {{ phase: TEST }} {Images} {Convolution} {ReLU}", NetPasses.FuseReLU));
        Assert.Equal((2 * Blob, 0), (used.ForwardBytes, used.BackwardBytes));
        Assert.Contains("Passes, with the number of layers that have less to do: fuse-relu 1", Notices);
    }

    [Theory]
    [InlineData("a blob of its own", """layer { name: "relu" type: "ReLU" bottom: "y" top: "z" }""")]
    [InlineData("a slope below 0",
        """layer { name: "relu" type: "ReLU" bottom: "y" top: "y" relu_param { negative_slope: -0.1 } }""")]
    [InlineData("overwritten later", ReLU + """layer { name: "exp" type: "Exp" bottom: "y" top: "y" }""")]
    [InlineData("another between", """layer { name: "exp" type: "Exp" bottom: "y" top: "y" }""" + ReLU)]
    [InlineData("a loss", """layer { name: "relu" type: "ReLU" bottom: "y" top: "y" loss_weight: 0.1 }""")]
    public void Others_AreLeftAsTheyAre(string why, string relu)
    {
        string loss = why.StartsWith("a blob", StringComparison.Ordinal)
            ? Loss.Replace("\"y\"", "\"z\"", StringComparison.Ordinal)
            : why == "a loss" ? "" : Loss;
        string text = $"force_backward: true {Images} {Convolution} {relu} {loss}";
        using Net apart = Build(text, NetPasses.None), left = Build(text);
        Assert.Empty(left.PassEffects);
        AssertTrainTheSame(apart, left);
    }

    [Fact]
    public void OnlyTheFirstOfTwoRectifiers_IsFused()
    {
        string text = $"{Images} {Convolution} {ReLU} {ReLU.Replace("relu", "again", StringComparison.Ordinal)} {Loss}";
        using Net apart = Build(text, NetPasses.None), fused = Build(text);
        Assert.True(fused.PassEffects.Count <= 1);
        AssertTrainTheSame(apart, fused);
    }

    [Fact]
    public void SeveralTops_AreLeftAsTheyAre() => Assert.Empty(Effects($$"""
        {{Images}}
        layer { name: "conv" type: "Convolution" bottom: "x" bottom: "x" top: "y" top: "z"
          convolution_param { num_output: 2 kernel_size: 1 } }
        {{ReLU}} layer { name: "relu2" type: "ReLU" bottom: "z" top: "z" }
        """, NetPasses.FuseReLU));

    [Fact]
    public void LayersOnDifferentDevices_AreLeftAsTheyAre()
    {
        using var other = new CpuDevice(1);
        string text = $"{Images} {Convolution} {ReLU}";
        Assert.Empty(Effects(text, NetPasses.FuseReLU, options => options with
        {
            Placement = layer => layer == "relu" ? options.Context with { Device = other } : options.Context,
        }));
        Assert.Single(Effects(text, NetPasses.FuseReLU, options => options with { Placement = _ => options.Context }));
    }

    [Theory]
    [InlineData("0", 1)]
    [InlineData("0.25", 0)]
    public void In16Bits_OnlyAPlainRectifierIsFused(string slope, int fusions)
    {
        string text = $"""
            force_backward: true {Images} {Convolution} {Sloped(slope)}
            layer {"{"} name: "ip" type: "InnerProduct" bottom: "y" top: "z"
                    inner_product_param {"{"} num_output: 2 weight_filler {"{"} type: "xavier" {"}"} {"}"} {"}"}
            {Loss.Replace("\"y\"", "\"z\"", StringComparison.Ordinal)}
            """;
        NetOptions Half(NetOptions options) => options with { Precision = StorageType.Float16 };
        using Net apart = Build(text, NetPasses.None, Half), fused = Build(text, NetPasses.FuseReLU, Half);
        Assert.Equal(StorageType.Float16, fused.Blob("y").DataStorage);
        Assert.Equal(fusions, fused.PassEffects.Count);
        AssertTrainTheSame(apart, fused);
    }

    [Fact]
    public void LookedAtBetweenLayers_EachComputesItsOwn()
    {
        string text = $"force_backward: true {Images} {Convolution} {ReLU} {Loss}";
        using Net net = Build(text);
        Fill(net, 0);
        net.ForwardLayer(0);
        net.ForwardLayer(1);
        Assert.All(net.Blob("y").Data.ToArray(), value => Assert.True(value >= 0));
        net.IsStepwise = true;
        net.ForwardLayer(1);
        Assert.Contains(net.Blob("y").Data.ToArray(), value => value < 0);
        net.IsStepwise = false;
        net.ForwardLayer(1);
        Assert.All(net.Blob("y").Data.ToArray(), value => Assert.True(value >= 0));
    }

    // A pass forward of one kind may be followed by one backward of the other.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void PassesOfBothKinds_Mix(bool forwardStepwise)
    {
        string text = $"force_backward: true {Images} {Convolution} {ReLU} {Loss}";
        using Net apart = Build(text, NetPasses.None), mixed = Build(text);
        Iterate(apart, 0);
        Fill(mixed, 0);
        mixed.IsStepwise = forwardStepwise;
        mixed.Forward();
        mixed.IsStepwise = !forwardStepwise;
        mixed.Backward();
        Assert.Equal(apart.Blob("x").Diff, mixed.Blob("x").Diff);
        Assert.Equal(apart.LearnableParams[1].Blob.Diff, mixed.LearnableParams[1].Blob.Diff);
    }

    [Fact]
    public void DebugInfo_TellsEachLayersOwnValues()
    {
        string text = $"{Images} {Convolution} {ReLU} {Loss}";
        List<string>[] told = [.. ((NetPasses[])[NetPasses.None, NetPasses.All]).Select(passes =>
        {
            using Net net = Build($"debug_info: true {text}", passes);
            Notices.Clear();
            Iterate(net, 0);
            return Notices.ToList();
        })];
        Assert.NotEmpty(told[0]);
        Assert.Equal(told[0], told[1]);
    }

    private static string Sloped(string slope) =>
        ReLU.Replace("top: \"y\"", $"top: \"y\" relu_param {{ negative_slope: {slope} }}", StringComparison.Ordinal);
}
