using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Passes;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Nets.Passes;

public sealed class KeepWeightsTests : PassTests
{
    private const string Test = "state { phase: TEST }";

    [Fact]
    public void WeightsAreKept_UntilTheyAreWritten()
    {
        using Net apart = Build($"{Test} {Images} {Convolution}", NetPasses.None);
        using Net kept = Build($"{Test} {Images} {Convolution}", NetPasses.KeepWeights);
        PassEffect effect = Assert.Single(kept.PassEffects);
        Assert.Equal(("conv", 4L * 6 * 4 * 9), (effect.Layer, effect.KeptBytes));
        AssertSame(apart, kept, 0);
        foreach (Net net in (Net[])[apart, kept])
            LayerHarness.FillRandom(net.LearnableParams[0].Blob.MutableData, 3, -1, 1);
        AssertSame(apart, kept, 1);
        AssertSame(apart, kept, 2);
    }

    [Fact]
    public void WeightsOfAnotherNet_AreTakenWhenTheyAreShared()
    {
        using Net apart = Build($"{Test} {Images} {Convolution}", NetPasses.None);
        using Net kept = Build($"{Test} {Images} {Convolution}", NetPasses.KeepWeights);
        AssertSame(apart, kept, 0);
        LayerHarness.FillRandom(apart.LearnableParams[0].Blob.MutableData, 3, -1, 1);
        kept.ShareTrainedLayersWith(apart);
        AssertSame(apart, kept, 1);
        apart.LearnableParams[0].Blob.MutableData[5] = 4;
        AssertSame(apart, kept, 2);
    }

    // Each kernel has a form of its own.
    [Fact]
    public void AnImageOfAnotherSize_IsComputedRightToo()
    {
        using Net apart = Build($"{Test} {Images} {Convolution}", NetPasses.None);
        using Net kept = Build($"{Test} {Images} {Convolution}", NetPasses.KeepWeights);
        foreach (int side in (int[])[9, 40, 2, 9])
        {
            foreach (Net net in (Net[])[apart, kept])
                net.Blob("x").Reshape(2, 4, side, side);
            AssertSame(apart, kept, side);
        }
    }

    [Fact]
    public void WhatIsKept_IsNotPackedAgain()
    {
        using Net kept = Build($"{Test} {Images} {Convolution}", NetPasses.KeepWeights);
        Fill(kept, 0);
        kept.Forward();
        float[] first = kept.Blob("y").Data.ToArray();
        // A pointer that was not asked for anew is not seen to be written through.
        Blob weights = kept.LearnableParams[0].Blob;
        Span<float> early = weights.MutableData;
        kept.Forward();
        early.Fill(0);
        kept.Forward();
        Assert.Equal(first, kept.Blob("y").Data);
        weights.MutableData.Fill(0);
        kept.Forward();
        Assert.NotEqual(first, kept.Blob("y").Data.ToArray());
    }

    [Fact]
    public void NetsThatLearn_AndDepthwiseConvolutions_KeepNothing()
    {
        Assert.Empty(Effects($"{Images} {Convolution} {Loss}", NetPasses.KeepWeights));
        Assert.Empty(Effects(
            $"{Test} {Images} "
            + Convolution.Replace("num_output: 6", "num_output: 4 group: 4", StringComparison.Ordinal),
            NetPasses.KeepWeights));
    }

    [Fact]
    public void AForwardPass_AllocatesNothing()
    {
        using Net kept = Build($"{Test} {Images} {Convolution}");
        Fill(kept, 0);
        SteadyState.AllocatesNothing(() => kept.Forward());
    }

    private static void AssertSame(Net expected, Net actual, int seed)
    {
        Fill(expected, seed);
        Fill(actual, seed);
        expected.Forward();
        actual.Forward();
        Assert.Equal(expected.Blob("y").Data, actual.Blob("y").Data);
    }
}
