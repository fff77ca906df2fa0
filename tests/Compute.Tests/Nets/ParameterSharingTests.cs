using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Nets;

/// <summary>Learnable blobs that layers share by name.</summary>
public sealed class ParameterSharingTests : NetTests
{
    [Fact]
    public void SharedParameters_HaveOneOwnerOneDiffAndOneMultiplier()
    {
        const string Named = "param { name: \"w\" lr_mult: 3 } param { name: \"b\" }";
        using Net net = Build(
            $"{Input} {Ip("a", "x", Named, 3)} "
            + $"{Ip("b", "a", "param { name: \"w\" } param { name: \"b\" decay_mult: 0 }", 3)} {Loss("b")}");
        Assert.Equal(["a/w", "a/b"], net.LearnableParams.Select(param => param.Name));
        Assert.Equal((3f, 0f), (net.LearnableParams[0].LrMult, net.LearnableParams[1].DecayMult));
        Assert.Same(net.FindLayer("a")!.Layer.Blobs[0].DiffMemory, net.FindLayer("b")!.Layer.Blobs[0].DiffMemory);
        Assert.Equal(ErrorCodes.BadSharing,
            Refused(Input + Ip("a", "x", Named, 3) + Ip("b", "a", Named.Replace('3', '2'), 3)).Code);
        Assert.Equal(ErrorCodes.BadSharing,
            Refused(Input + Ip("a", "x", Named, 3) + Ip("b", "a", "param { name: \"w\" }", 2)).Code);
    }

    [Fact]
    public void Gradients_OfAllUsersMeetInTheOwner()
    {
        const string Shared = "param { name: \"w\" } param { name: \"b\" }";
        using Net net = Build($$"""
            state { phase: TRAIN } {{Input}} {{Ip("a", "x", Shared + " loss_weight: 1")}}
            {{Ip("b", "x", Shared + " loss_weight: 1")}}
            """);
        net.Blob("x").MutableData.Fill(3);
        net.ClearParamDiffs();
        net.Forward();
        net.Backward();
        // d(sum of outputs)/db = 4 images, from each of two layers; dw = 4 images of 3.
        Assert.Equal([8f, 8], net.FindLayer("a")!.Layer.Blobs[1].Diff.ToArray());
        Assert.All(net.FindLayer("b")!.Layer.Blobs[0].Diff.ToArray(), diff => Assert.Equal(24, diff));
        Assert.Equal([true, true], net.FindLayer("a")!.OwnsParam);
        Assert.Equal([false, false], net.FindLayer("b")!.OwnsParam);
        Assert.Equal(net.FindLayer("a")!.LearnableParamIds, net.FindLayer("b")!.LearnableParamIds);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void ClearedGradients_AreThoseOfTheNextPassesAlone(int passes)
    {
        const string Shared = "param { name: \"w\" } param { name: \"b\" } ";
        const string Filled = "num_output: 2 kernel_size: 2 weight_filler { type: \"xavier\" }";
        using Net net = Build($$"""
            state { phase: TRAIN }
            layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 2 dim: 3 dim: 3 } } }
            layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { {{Filled}} pad: 1 } }
            layer { name: "d" type: "Deconvolution" bottom: "c" top: "d" convolution_param { {{Filled}} } }
            layer { name: "r" type: "Reshape" bottom: "d" top: "r" reshape_param { shape { dim: 2 dim: 50 } } }
            {{Ip("a", "r", Shared, 50)}} {{Ip("b", "a", Shared + "loss_weight: 1", 50)}}
            """);
        LayerHarness.FillRandom(net.Blob("x").MutableData, 1);
        float[][] first = Gradients();
        Assert.All(first, values => Assert.Contains(values, value => value != 0));
        // What is in memory is not what is added to.
        foreach (LearnableParam param in net.LearnableParams)
            param.Blob.MutableDiff.Fill(float.NaN);
        Assert.Equal(first, Gradients());

        float[][] Gradients()
        {
            net.ClearParamDiffs();
            for (int pass = 0; pass < passes; pass++)
            {
                net.Forward();
                net.Backward();
            }

            float[][] sums = [.. net.LearnableParams.Select(param => param.Blob.Diff.ToArray())];
            net.ClearParamDiffs();
            net.Forward();
            net.Backward();
            for (int i = 0; i < sums.Length; i++)
            {
                ReadOnlySpan<float> one = net.LearnableParams[i].Blob.Diff;
                for (int j = 0; j < one.Length; j++)
                    Assert.Equal(passes * one[j], sums[i][j], 1e-4f * (1 + MathF.Abs(sums[i][j])));
            }

            return sums;
        }
    }

    [Fact]
    public void PermissiveSharing_AsksForEqualCountsOnly()
    {
        const string Wide = "layer { name: \"r\" type: \"Reshape\" bottom: \"x\" top: \"r\" "
            + "reshape_param { shape { dim: 6 dim: 2 } } }";
        string net = Input + Ip("a", "x", "param { name: \"w\" }", 2) + Wide
            + Ip("b", "r", "param { name: \"w\" MODE }", 3);
        CaffeException failure = Refused(net.Replace("MODE", "", StringComparison.Ordinal));
        Assert.Equal(ErrorCodes.BadSharing, failure.Code);
        Assert.Contains("PERMISSIVE", failure.Message, StringComparison.Ordinal);
        // x is read by two layers here, so one of them reads a split.
        using Net shared = Build(net.Replace("MODE", "share_mode: PERMISSIVE", StringComparison.Ordinal));
        Assert.Same(
            shared.FindLayer("a")!.Layer.Blobs[0].DataMemory, shared.FindLayer("b")!.Layer.Blobs[0].DataMemory);
    }
}
