using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Nets.Passes;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Nets.Passes;

public sealed class FoldBatchNormTests : PassTests
{
    private const string Test = "state { phase: TEST }";
    private const string Norm = """layer { name: "bn" type: "BatchNorm" bottom: "y" top: "y" }""";
    private const string Scale =
        """layer { name: "scale" type: "Scale" bottom: "y" top: "y" scale_param { bias_term: true } }""";

    public static TheoryData<string, string> Products => new()
    {
        { Images, Convolution },
        { Images, Convolution.Replace("num_output", "bias_term: false num_output", StringComparison.Ordinal) },
        { Images, Convolution.Replace("num_output: 6", "num_output: 4 group: 4", StringComparison.Ordinal) },
        { Images, Product("num_output: 5") },
        { Images, Product("num_output: 5 bias_term: false transpose: true") },
    };

    private static string Product(string more) =>
        "layer { name: \"conv\" type: \"InnerProduct\" bottom: \"x\" top: \"y\" "
        + $"inner_product_param {{ {more} weight_filler {{ type: \"xavier\" }} }} }}";

    [Theory]
    [MemberData(nameof(Products))]
    public void FoldedNet_ComputesTheSame(string input, string product)
    {
        foreach (string behind in (string[])[Norm, Norm + Scale, Scale, Norm + Scale + ReLU])
        {
            string text = $"{Test} {input} {product} {behind}";
            using Net apart = Build(text, NetPasses.None), folded = Build(text);
            PassEffect effect = folded.PassEffects[0];
            Assert.Equal((NetPasses.FoldBatchNorm, "conv"), (effect.Pass, effect.Layer));
            Assert.True(effect.KeptBytes > 0);
            // Before the weights are theirs, then with them, then with others.
            for (int round = 0; round < 3; round++)
            {
                if (round > 0)
                    Scatter(apart);
                if (round > 1)
                    LayerHarness.FillRandom(apart.LearnableParams[^1].Blob.MutableData, 99, 1, 2);
                if (round > 0)
                    Copy(apart, folded);
                AssertForwardClose(apart, folded, round);
            }

            Assert.Equal(apart.Layers[1].Layer.Blobs[0].Data, folded.Layers[1].Layer.Blobs[0].Data);
            Assert.Equal(apart.Layers[1].Layer.Blobs.Count, folded.Layers[1].Layer.Blobs.Count);
        }
    }

    [Theory]
    [MemberData(nameof(Products))]
    public void OnAnAccelerator_WeightsAreFoldedToo(string input, string product)
    {
        lock (TestDevices.OneAtATime)
        {
            GpuDevice gpu = TestDevices.GpuOrSimulation;
            gpu.Bind();
            string small = input.Replace("dim: 9 dim: 7", "dim: 3 dim: 2", StringComparison.Ordinal);
            string text = $"{Test} {small} {product} {Norm} {Scale} {ReLU}";
            using Net apart = Build(text, NetPasses.None);
            using Net folded = Build(
                text, change: options => options with { Context = options.Context with { Gpu = gpu } });
            Assert.Equal(["bn", "scale"], Assert.Single(folded.PassEffects).Absorbed);
            Scatter(apart);
            Copy(apart, folded);
            AssertForwardClose(apart, folded, 0);
            folded.LearnableParams[0].Blob.MutableData[0] += 0.5f;
            apart.LearnableParams[0].Blob.MutableData[0] += 0.5f;
            AssertForwardClose(apart, folded, 1);
        }
    }

    [Fact]
    public void SharedWeights_AreSeenWhenTheirOwnerChangesThem()
    {
        string text = $"{Test} {Images} {Convolution} {Norm} {Scale}";
        using Net owner = Build(text, NetPasses.None), folded = Build(text);
        Scatter(owner);
        folded.ShareTrainedLayersWith(owner);
        AssertForwardClose(owner, folded, 0);
        foreach (int param in (int[])[0, 1, 2, 3, 4, 5, 6])
        {
            Blob blob = owner.LearnableParams[param].Blob;
            LayerHarness.FillRandom(blob.MutableData, param, 0.2f, 2);
            AssertForwardClose(owner, folded, param);
        }
    }

    [Fact]
    public void ANormalizationOfItsOwnBlob_TakesWhatFollowsIt()
    {
        string text = $"{Test} {Images} {Convolution.Replace("\"y\"", "\"c\"", StringComparison.Ordinal)} "
            + Norm.Replace("bottom: \"y\"", "bottom: \"c\"", StringComparison.Ordinal) + Scale + ReLU;
        using Net apart = Build(text, NetPasses.None), folded = Build(text);
        Scatter(apart);
        Copy(apart, folded);
        Assert.Equal(
            [("bn", "scale"), ("bn", "relu")],
            folded.PassEffects.Where(effect => effect.Absorbed.Count > 0)
                .Select(effect => (effect.Layer, Assert.Single(effect.Absorbed))));
        AssertForwardClose(apart, folded, 0);
        Assert.Equal(apart.Blob("c").Data, folded.Blob("c").Data);
    }

    [Theory]
    [InlineData("training", $"state {{ phase: TRAIN }} {Images} {Convolution} {Norm} {Scale} {Loss}")]
    [InlineData("a gradient wanted", $"{Test} {Images} {Convolution} {Norm} {Scale} {Loss}")]
    [InlineData("a loss", $"{Test} {Images} {Convolution} "
        + """layer { name: "scale" type: "Scale" bottom: "y" top: "y" loss_weight: 1 param { lr_mult: 0 } }""")]
    [InlineData("the batch's statistics", $"{Test} {Images} {Convolution} "
        + """
        layer { name: "bn" type: "BatchNorm" bottom: "y" top: "y" batch_norm_param { use_global_stats: false } }
        """)]
    [InlineData("another axis", $"{Test} {Images} {Convolution} "
        + """layer { name: "scale" type: "Scale" bottom: "y" top: "y" scale_param { axis: 2 } }""")]
    [InlineData("several axes", $"{Test} {Images} {Convolution} "
        + """layer { name: "scale" type: "Scale" bottom: "y" top: "y" scale_param { num_axes: 2 } }""")]
    [InlineData("a rectifier between", $"{Test} {Images} {Convolution} {ReLU} {Norm}")]
    public void Others_AreLeftAsTheyAre(string why, string text)
    {
        Assert.NotEmpty(why);
        Assert.Empty(Effects(text, NetPasses.FoldBatchNorm));
    }

    [Fact]
    public void ANetThatOnlyRunsForward_IsFoldedThoughItHasALoss()
    {
        string text = $"{Test} {Images} {Convolution} {Norm} {Scale} {Loss}";
        using Net net = Build(text, change: options => options with { Use = new NetUse(Backward: false) });
        Assert.Equal(["bn", "scale"], net.PassEffects[0].Absorbed);
        Assert.DoesNotContain(net.Layers, layer => layer.NeedBackward);
        using Net apart = Build(text, NetPasses.None);
        Fill(apart, 0);
        Fill(net, 0);
        Assert.Equal(apart.Forward(), net.Forward(), 1e-4f * MathF.Abs(apart.Forward()));
    }

    private static string Apart => $$"""
        {{Test}} {{Images}} {{Convolution.Replace("\"y\"", "\"c\"", StringComparison.Ordinal)}}
        layer { name: "bn" type: "BatchNorm" bottom: "c" top: "b" }
        layer { name: "scale" type: "Scale" bottom: "b" top: "s" scale_param { bias_term: true } }
        layer { name: "relu" type: "ReLU" bottom: "s" top: "y" }
        """;

    // Their layers need not work in place: nobody sees what lies between.
    [Fact]
    public void BlobsThatAreNotRead_AreOneWithWhatFollowsThem()
    {
        using Net apart = Build(Apart, NetPasses.None);
        using Net folded = Build(Apart, change: options => options with { Use = new NetUse(Backward: false) });
        Scatter(apart);
        Copy(apart, folded);
        Assert.Equal(["bn", "scale"], folded.PassEffects[0].Absorbed);
        Assert.Equal(["relu"], folded.PassEffects[1].Absorbed);
        AssertForwardClose(apart, folded, 0);
        foreach (bool byReshape in (bool[])[true, false])
        {
            foreach (Net net in (Net[])[apart, folded])
            {
                net.Blob("x").Reshape(byReshape ? 5 : 8, 4, 11, 7);
                if (byReshape)
                    net.Reshape();
            }

            AssertForwardClose(apart, folded, 1);
            Assert.Same(folded.Blob("c").DataMemory, folded.Blob("y").DataMemory);
        }

        folded.IsStepwise = true;
        AssertForwardClose(apart, folded, 2);
    }

    // A plan of memory is made of what the layers share then.
    [Fact]
    public void ASplitBehindThem_SharesTheirMemoryFromTheStart()
    {
        string text = Apart + """
            layer { name: "p" type: "Power" bottom: "y" top: "p" }
            layer { name: "q" type: "TanH" bottom: "p" top: "q" }
            layer { name: "r" type: "Eltwise" bottom: "q" bottom: "y" top: "r" }
            """;
        using Net apart = Build(text, NetPasses.None);
        using Net folded = Build(text, change: options => options with { Use = new NetUse(Backward: false) });
        Assert.Same(folded.Blob("c").DataMemory, folded.Blob("y_relu_0_split_1").DataMemory);
        Scatter(apart);
        Copy(apart, folded);
        Fill(apart, 0);
        Fill(folded, 0);
        apart.Forward();
        folded.Forward();
        AssertClose(apart.Blob("r"), folded.Blob("r"));
    }

    [Fact]
    public void ABlobThatIsRead_KeepsItsContents()
    {
        using Net apart = Build(Apart, NetPasses.None);
        using Net folded = Build(Apart, change: options => options with { Use = new NetUse(Backward: false, "b") });
        Scatter(apart);
        Copy(apart, folded);
        Assert.Equal(
            [("conv", "bn"), ("scale", "relu")],
            folded.PassEffects.Where(effect => effect.Absorbed.Count > 0)
                .Select(effect => (effect.Layer, Assert.Single(effect.Absorbed))));
        AssertForwardClose(apart, folded, 0);
        AssertClose(apart.Blob("b"), folded.Blob("b"));
    }

    [Fact]
    public void In16Bits_EachLayerRounds() => Assert.Empty(Effects(
        $"{Test} {Images} {Convolution} {Norm} {Scale} " + Product("num_output: 2")
            .Replace("\"conv\"", "\"ip\"", StringComparison.Ordinal)
            .Replace("\"y\"", "\"z\"", StringComparison.Ordinal).Replace("\"x\"", "\"y\"", StringComparison.Ordinal),
        NetPasses.FoldBatchNorm, options => options with { Precision = StorageType.Float16 }));

    [Fact]
    public void LayersOnDifferentDevices_AreLeftAsTheyAre()
    {
        using var other = new CpuDevice(1);
        Assert.Empty(Effects($"{Test} {Images} {Convolution} {Norm}", NetPasses.FoldBatchNorm, options => options with
        {
            Placement = layer => layer == "bn" ? options.Context with { Device = other } : options.Context,
        }));
    }

    [Fact]
    public void LookedAtBetweenLayers_EachComputesItsOwn()
    {
        string text = $"{Test} {Images} {Convolution} {Norm} {Scale}";
        using Net apart = Build(text, NetPasses.None), net = Build(text);
        Scatter(apart);
        Copy(apart, net);
        AssertForwardClose(apart, net, 0);
        net.IsStepwise = true;
        foreach (Net each in (Net[])[apart, net])
        {
            Fill(each, 1);
            each.ForwardLayer(1);
        }

        Assert.Equal(apart.Blob("y").Data, net.Blob("y").Data);
        net.IsStepwise = false;
        AssertForwardClose(apart, net, 2);
    }

    [Fact]
    public void AFoldedPass_AllocatesNothing()
    {
        using Net net = Build($"{Test} {Images} {Convolution} {Norm} {Scale} {ReLU}");
        Fill(net, 0);
        SteadyState.AllocatesNothing(() =>
        {
            net.LearnableParams[0].Blob.MutableData[0] += 0.5f;
            net.Forward();
        });
    }

    private static void Copy(Net from, Net to)
    {
        for (int p = 0; p < from.LearnableParams.Count; p++)
            from.LearnableParams[p].Blob.Data.CopyTo(to.LearnableParams[p].Blob.MutableData);
    }

    private static void AssertForwardClose(Net expected, Net actual, int seed)
    {
        Fill(expected, seed);
        Fill(actual, seed);
        expected.Forward();
        actual.Forward();
        AssertClose(expected.Blob("y"), actual.Blob("y"));
    }
}
