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

    /// <summary>A layer of one bottom does on an accelerator what it does on the CPU, apart and in place, also where
    /// values are kept in 16 bits.</summary>
    public static void AcceleratorsDoTheSame(
        LayerParameter parameter, Func<Blob> bottom, bool inPlace = true, bool backward = true, float tolerance = 1e-6f)
    {
        bool[] propagate = [backward];
        new GpuComparison { Tolerance = tolerance, Propagate = propagate }.Check(parameter, () => [bottom()]);
        new GpuComparison { Tolerance = 1e-2f, Propagate = propagate, Storage = StorageType.Float16 }
            .Check(parameter, () => [bottom()]);
        if (inPlace)
        {
            new GpuComparison { Tolerance = tolerance, Propagate = propagate, InPlace = true }
                .Check(parameter, () => [bottom()]);
        }
    }

    /// <summary>Setting up fails with a code, and a message that names what is wrong.</summary>
    public static void SetUpFails(string code, LayerParameter parameter, Blob[] bottom, int tops, params string[] named)
    {
        CaffeException failure = Assert.Throws<CaffeException>(() => new LayerHarness(parameter, bottom, tops));
        Assert.Equal(code, failure.Code);
        Assert.All(named, text => Assert.Contains(text, failure.Message, StringComparison.Ordinal));
    }

    /// <summary>
    /// Each element of the top is near a function of the bottom's, relative to it where it is above 1.
    /// </summary>
    public static void ForwardIs(
        LayerParameter parameter, Blob bottom, Func<double, double> function, double tolerance = 1e-6)
    {
        using var harness = new LayerHarness(parameter, [bottom]);
        float[] x = bottom.Data.ToArray();
        harness.Forward();
        Assert.Equal(bottom.Shape.ToArray(), harness.Top[0].Shape.ToArray());
        for (int i = 0; i < x.Length; i++)
        {
            double expected = function(x[i]);
            Assert.Equal(expected, harness.Top[0].Data[i], tolerance * Math.Max(1, Math.Abs(expected)));
        }
    }

    /// <summary>Outputs, and gradients where the tops' are all 1, of a layer of one bottom at given values.</summary>
    public static void ValuesAre(
        LayerParameter parameter, bool inPlace, params (float X, float Y, float Dx)[] expected)
    {
        using var harness = new LayerHarness(
            parameter, [LayerHarness.BlobOf([expected.Length], [.. expected.Select(value => value.X)])],
            inPlace: inPlace);
        harness.Forward();
        Assert.Equal(expected.Select(value => value.Y), harness.Top[0].Data.ToArray());
        harness.Top[0].MutableDiff.Fill(1);
        harness.Backward();
        Assert.Equal(expected.Select(value => value.Dx), harness.Bottom[0].Diff.ToArray());
    }

    /// <summary>A pass fails with a code, and a message that names what is wrong.</summary>
    public static CaffeException Fails(string code, Action pass, params string[] named)
    {
        CaffeException failure = Assert.Throws<CaffeException>(pass);
        Assert.Equal(code, failure.Code);
        Assert.All(named, text => Assert.Contains(text, failure.Message, StringComparison.Ordinal));
        return failure;
    }

    /// <summary>A layer refuses to work in place.</summary>
    public static void InPlaceIsRefused(LayerParameter parameter, params Blob[] bottom) => Fails(
        ErrorCodes.BadConnection, () => new LayerHarness(parameter, bottom, inPlace: true), "in place");

    /// <summary>The gradient of one bottom is refused, force_backward passes it by, and no other is needed.</summary>
    public static void HasNoGradient(LayerParameter parameter, Blob[] bottom, int which, string named)
    {
        parameter = parameter.Clone();
        parameter.Bottom.AddRange(bottom.Select((_, i) => $"bottom{i}"));
        using var harness = new LayerHarness(parameter, bottom);
        harness.Forward();
        Assert.False(harness.Layer.AllowForceBackward(which));
        bool[] propagate = [.. bottom.Select((_, i) => i == which)];
        Fails(ErrorCodes.BadNet, () => harness.Backward(propagate), named);
        propagate[which] = false;
        harness.Backward(propagate);
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
