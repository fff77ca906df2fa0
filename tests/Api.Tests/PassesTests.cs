using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Nets.Passes;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Api.Tests;

/// <summary>The nets of the repository with graph passes and without.</summary>
public sealed class PassesTests
{
    private static CaffeNet Open(
        string net, Phase phase, int[]? image, NetPasses passes, NetUse? use = null)
    {
        var shapes = new Dictionary<string, int[]>();
        if (image is not null)
            (shapes["data"], shapes["label"]) = (image, [image[0]]);
        CaffeNet opened = CaffeNet.Open(
            Path.Combine(Repository.Root, "configs", "nets", net + ".prototxt"), phase, new CaffeNetOptions
            {
                WithoutData = image is not null,
                InputShapes = shapes,
                Seed = 4,
                Threads = 2,
                Passes = passes,
                Use = use,
            });
        // Statistics, factors and shifts as of a net that has learnt something.
        foreach (NetLayer layer in opened.Layers.Where(layer => layer.Layer.Type is "BatchNorm" or "Scale"))
        {
            foreach (Blob blob in layer.Layer.Blobs.Where(blob => phase == Phase.Test))
                LayerHarness.FillRandom(blob.MutableData, layer.Rank, 0.5f, 1.5f);
        }

        return opened;
    }

    private static void Run(CaffeNet net, int seed)
    {
        LayerHarness.FillRandom(net.Blobs["data"].MutableData, seed, -1, 1);
        net.Forward();
        net.Backward();
    }

    [Theory]
    [InlineData("lenet", 1, 28)]
    [InlineData("cifar10_quick", 3, 32)]
    [InlineData("squeezenet_v1.1", 3, 64)]
    [InlineData("resnet18", 3, 224)]
    public void Training_GivesTheSameBits(string name, int channels, int side)
    {
        int[] image = [2, channels, side, side];
        using CaffeNet apart = Open(name, Phase.Train, image, NetPasses.None);
        using CaffeNet passed = Open(name, Phase.Train, image, NetPasses.All);
        Assert.Contains(passed.Net.PassEffects, effect => effect.Pass == NetPasses.FuseReLU);
        for (int pass = 0; pass < 2; pass++)
        {
            Run(apart, pass);
            Run(passed, pass);
            Assert.True(float.IsFinite(apart.Loss));
            Assert.Equal(apart.Loss, passed.Loss);
            foreach (string blob in apart.Blobs.Keys)
                Assert.Equal(apart.Blobs[blob].Data, passed.Blobs[blob].Data);
            for (int p = 0; p < apart.Net.LearnableParams.Count; p++)
                Assert.Equal(apart.Net.LearnableParams[p].Blob.Diff, passed.Net.LearnableParams[p].Blob.Diff);
        }
    }

    [Theory]
    [InlineData("resnet18", 224, false, 21)]
    [InlineData("resnet18", 224, true, 21)]
    [InlineData("mobilenet", 64, false, 27)]
    [InlineData("mobilenet", 64, true, 27)]
    public void Folding_ChangesNothingButRounding(string name, int side, bool allBlobsRead, int folded)
    {
        using CaffeNet apart = Open(name, Phase.Test, [1, 3, side, side], NetPasses.None);
        string[] read = allBlobsRead ? [.. apart.Blobs.Keys] : [.. apart.Outputs];
        using CaffeNet passed = Open(
            name, Phase.Test, [1, 3, side, side], NetPasses.All, new NetUse(Backward: false, read));
        PassEffect[] folds = [.. passed.Net.PassEffects.Where(effect => effect.Pass == NetPasses.FoldBatchNorm)];
        Assert.Equal(folded, folds.Length);
        // With a blob of its own for BatchNorm, as MobileNet has, only where the convolution's need not be kept.
        Assert.Equal(
            allBlobsRead && name == "mobilenet" ? "BatchNorm" : "Convolution",
            Assert.Single(folds.Select(fold => passed.Net.FindLayer(fold.Layer)!.Layer.Type).Distinct()));
        foreach (CaffeNet net in (CaffeNet[])[apart, passed])
        {
            LayerHarness.FillRandom(net.Blobs["data"].MutableData, 1, -1, 1);
            net.Forward();
        }

        foreach (string blob in read)
        {
            float[] expected = apart.Blobs[blob].Data.ToArray();
            float most = expected.Max(MathF.Abs);
            Assert.True(float.IsFinite(most), blob);
            ReadOnlySpan<float> actual = passed.Blobs[blob].Data;
            for (int i = 0; i < actual.Length; i++)
                Assert.True(MathF.Abs(expected[i] - actual[i]) <= 1e-5f * most, blob);
        }
    }
}
