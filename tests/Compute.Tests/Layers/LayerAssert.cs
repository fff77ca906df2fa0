using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers;

/// <summary>Checks that many layers share.</summary>
internal static class LayerAssert
{
    /// <summary>Outputs and bottom gradients are the same, bit for bit, in place and apart.</summary>
    public static void InPlaceIsTheSame(LayerParameter parameter, Func<Blob> bottom)
    {
        (float[] data, float[] diff) apart = Run(parameter, [bottom()]);
        (float[] data, float[] diff) inPlace = Run(parameter, [bottom()], inPlace: true);
        Assert.Equal(apart.data, inPlace.data);
        Assert.Equal(apart.diff, inPlace.diff);
    }

    /// <summary>Outputs and the first bottom's gradient are the same, bit for bit, with 1, 2 and 5 threads.</summary>
    public static void ThreadsDoNotMatter(LayerParameter parameter, Func<Blob[]> bottoms, bool gradient = true)
    {
        (float[] data, float[] diff) one = Run(parameter, bottoms(), threads: 1, gradient: gradient);
        foreach (int threads in (int[])[2, 5])
        {
            (float[] data, float[] diff) many = Run(parameter, bottoms(), threads: threads, gradient: gradient);
            Assert.Equal(one.data, many.data);
            Assert.Equal(one.diff, many.diff);
        }
    }

    /// <summary>Setting up fails with a code, and a message that names what is wrong.</summary>
    public static void SetUpFails(string code, LayerParameter parameter, Blob[] bottom, int tops, params string[] named)
    {
        CaffeException failure = Assert.Throws<CaffeException>(() => new LayerHarness(parameter, bottom, tops));
        Assert.Equal(code, failure.Code);
        Assert.All(named, text => Assert.Contains(text, failure.Message, StringComparison.Ordinal));
    }

    private static (float[] Data, float[] Diff) Run(
        LayerParameter parameter, Blob[] bottom, bool inPlace = false, int threads = 2, bool gradient = true)
    {
        using var harness = new LayerHarness(parameter, bottom, inPlace: inPlace, threads: threads);
        harness.Forward();
        float[] data = harness.Top[0].Data.ToArray();
        if (!gradient)
            return (data, []);
        if (!harness.Layer.IsLoss)
        {
            using Blob weights = LayerHarness.RandomBlob(77, harness.Top[0].Shape);
            weights.Data.CopyTo(harness.Top[0].MutableDiff);
        }

        harness.Backward([.. bottom.Select((_, i) => i == 0)]);
        return (data, harness.Bottom[0].Diff.ToArray());
    }
}
