using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Loss;

/// <summary>Bottoms of losses, and what all losses with labels have in common.</summary>
internal static class LossBottoms
{
    /// <summary>Scores of a fixed random sequence, and a label for each item.</summary>
    public static Blob[] Of(int[] shape, float min = -3, float max = 3)
    {
        var labels = new Blob(shape[0]);
        int classes = Blob.CountOf(shape.AsSpan(1));
        for (int i = 0; i < labels.Count; i++)
            labels.MutableData[i] = i * 7 % classes;
        return [LayerHarness.RandomBlob(1, shape, min, max), labels];
    }

    /// <summary>A label that is no class names its item; labels get no gradient, nor does force_backward ask for
    /// one.</summary>
    public static void LabelsAreChecked(string type)
    {
        foreach (float label in (float[])[5, -1, float.NaN, 1e10f])
        {
            using var harness = new LayerHarness(new LayerParameter { Type = type }, Of([40, 5], 0.1f, 1));
            harness.Bottom[1].MutableData[17] = label;
            CaffeException failure = Assert.Throws<CaffeException>(() => harness.Forward());
            Assert.Equal((ErrorCodes.LabelOutOfRange, FailureKind.Data, 17),
                (failure.Code, failure.Kind, failure.BatchItem));
            Assert.Contains("item 17", failure.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("ignore_label", failure.Message, StringComparison.Ordinal);
        }

        using var plain = new LayerHarness(new LayerParameter { Type = type }, Of([4, 5], 0.1f, 1));
        plain.Forward();
        Assert.Equal(ErrorCodes.BadNet, Assert.Throws<CaffeException>(() => plain.Backward(true, true)).Code);
        Assert.True(plain.Layer.AllowForceBackward(0));
        Assert.False(plain.Layer.AllowForceBackward(1));
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, new LayerParameter { Type = type }, [new Blob(4, 5), new Blob(4, 2)], 1,
            "one label for each of the 4 items", "4 2");
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, new LayerParameter { Type = type }, [new Blob(4, 5), new Blob(3)], 1,
            "first dimension");
    }

    /// <summary>Half the loss weight gives half the loss and half the gradient.</summary>
    public static void LossWeightScales(LayerParameter parameter, Func<Blob[]> bottoms)
    {
        LayerParameter half = parameter.Clone();
        half.LossWeight.Add(0.5f);
        using var whole = new LayerHarness(parameter, bottoms());
        using var halved = new LayerHarness(half, bottoms());
        Assert.Equal(whole.Forward() / 2, halved.Forward());
        bool[] first = [.. whole.Bottom.Select((_, i) => i == 0)];
        whole.Backward(first);
        halved.Backward(first);
        for (int i = 0; i < whole.Bottom[0].Count; i++)
            Assert.Equal(whole.Bottom[0].Diff[i] / 2, halved.Bottom[0].Diff[i], 1e-6f);
    }
}
