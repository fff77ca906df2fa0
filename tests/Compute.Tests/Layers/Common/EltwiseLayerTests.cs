using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;
using static CaffeActors.Compute.Schema.EltwiseParameter.Types;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class EltwiseLayerTests
{
    private static LayerParameter Parameter(
        EltwiseOp operation, bool stable = true, params ReadOnlySpan<float> coefficients)
    {
        var eltwise = new EltwiseParameter { Operation = operation, StableProdGrad = stable };
        foreach (float coefficient in coefficients)
            eltwise.Coeff.Add(coefficient);
        return new() { Type = "Eltwise", EltwiseParam = eltwise };
    }

    private static Blob[] Random(int inputs, params ReadOnlySpan<int> shape)
    {
        var blobs = new Blob[inputs];
        for (int i = 0; i < inputs; i++)
            blobs[i] = LayerHarness.RandomBlob(10 + i, shape);
        return blobs;
    }

    [Fact]
    public void Sum_WeighsItsBottoms()
    {
        using var harness = new LayerHarness(Parameter(EltwiseOp.Sum, true, 1, -0.5f, 2), Random(3, 5, 7));
        harness.Forward();
        for (int i = 0; i < 35; i++)
        {
            Assert.Equal(
                harness.Bottom[0].Data[i] - (0.5 * harness.Bottom[1].Data[i]) + (2.0 * harness.Bottom[2].Data[i]),
                harness.Top[0].Data[i], 1e-6);
        }
    }

    [Fact]
    public void Product_MultipliesItsBottoms()
    {
        using var harness = new LayerHarness(Parameter(EltwiseOp.Prod), Random(3, 5, 7));
        harness.Forward();
        for (int i = 0; i < 35; i++)
        {
            Assert.Equal(
                (double)harness.Bottom[0].Data[i] * harness.Bottom[1].Data[i] * harness.Bottom[2].Data[i],
                harness.Top[0].Data[i], 1e-6);
        }
    }

    [Fact]
    public void Maximum_OfEqualOnesIsCaffes()
    {
        // The second bottom comes before the first, and both before the third.
        using var harness = new LayerHarness(Parameter(EltwiseOp.Max, true, 9, 9, 9),
        [
            LayerHarness.BlobOf([6], 1, 2, 1, 3, 3, float.NaN), LayerHarness.BlobOf([6], 1, 1, 2, 3, 1, 0),
            LayerHarness.BlobOf([6], 1, 2, 2, 4, 3, -1),
        ]);
        harness.Forward();
        Assert.Equal([1, 2, 2, 4, 3, 0], harness.Top[0].Data.ToArray());
        harness.Top[0].MutableDiff.Fill(5);
        harness.Backward();
        Assert.Equal([0, 5, 0, 0, 5, 0], harness.Bottom[0].Diff.ToArray());
        Assert.Equal([5, 0, 5, 0, 0, 5], harness.Bottom[1].Diff.ToArray());
        Assert.Equal([0, 0, 0, 5, 0, 0], harness.Bottom[2].Diff.ToArray());
    }

    [Theory]
    [InlineData(EltwiseOp.Sum, true, 2)]
    [InlineData(EltwiseOp.Sum, true, 3)]
    [InlineData(EltwiseOp.Prod, true, 2)]
    [InlineData(EltwiseOp.Prod, true, 4)]
    [InlineData(EltwiseOp.Prod, false, 3)]
    [InlineData(EltwiseOp.Max, true, 2)]
    [InlineData(EltwiseOp.Max, true, 4)]
    public void Backward_AgreesWithDifferences(EltwiseOp operation, bool stable, int inputs)
    {
        // One order of spaced values, shifted from bottom to bottom: no two bottoms are near each other anywhere.
        Blob[] bottom = [.. Enumerable.Range(0, inputs).Select(_ => new Blob(3, 7))];
        using Blob values = TestBlobs.Spaced(3, 3 * 7);
        for (int i = 0; i < inputs; i++)
        {
            for (int j = 0; j < 21; j++)
                bottom[i].MutableData[j] = values.Data[(j + (5 * i)) % 21] + 0.05f;
        }

        float[] coefficients = operation == EltwiseOp.Sum ? [.. Enumerable.Range(1, inputs).Select(i => i - 2.5f)] : [];
        using var harness = new LayerHarness(Parameter(operation, stable, coefficients), bottom);
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void StableProduct_HasAGradientAtZero()
    {
        foreach (bool stable in (bool[])[true, false])
        {
            using var harness = new LayerHarness(Parameter(EltwiseOp.Prod, stable),
                [LayerHarness.BlobOf([1], 0), LayerHarness.BlobOf([1], 3)]);
            harness.Forward();
            harness.Top[0].MutableDiff.Fill(2);
            harness.Backward();
            Assert.Equal(stable ? 6 : float.NaN, harness.Bottom[0].Diff[0]);
        }
    }

    [Theory]
    [InlineData(EltwiseOp.Sum)]
    [InlineData(EltwiseOp.Max)]
    public void InPlace_IsTheSame(EltwiseOp operation)
    {
        float[][] results =
        [
            .. ((bool[])[false, true]).Select(inPlace =>
            {
                using var harness = new LayerHarness(Parameter(operation), Random(2, 6, 9), inPlace: inPlace);
                harness.Forward();
                float[] data = harness.Top[0].Data.ToArray();
                harness.Top[0].MutableDiff.Fill(0.5f);
                harness.Backward();
                return (float[])[.. data, .. harness.Bottom[0].Diff, .. harness.Bottom[1].Diff];
            }),
        ];
        Assert.Equal(results[0], results[1]);
    }

    [Fact]
    public void ProductInPlace_ComputesButHasNoGradient()
    {
        using var harness = new LayerHarness(Parameter(EltwiseOp.Prod),
            [LayerHarness.BlobOf([2], 2, 3), LayerHarness.BlobOf([2], 4, 5)], inPlace: true);
        harness.Forward();
        Assert.Equal([8, 15], harness.Top[0].Data.ToArray());
        CaffeException failure = Assert.Throws<CaffeException>(() => harness.Backward());
        Assert.Equal(ErrorCodes.BadConnection, failure.Code);
    }

    [Fact]
    public void Gradient_ThatIsNotWantedIsNotWritten()
    {
        using var harness = new LayerHarness(Parameter(EltwiseOp.Sum), Random(2, 4));
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(1);
        harness.Bottom[0].MutableDiff.Fill(7);
        harness.Backward(false, true);
        Assert.Equal([7, 7, 7, 7], harness.Bottom[0].Diff.ToArray());
        Assert.Equal([1, 1, 1, 1], harness.Bottom[1].Diff.ToArray());
    }

    [Theory]
    [InlineData(EltwiseOp.Sum)]
    [InlineData(EltwiseOp.Prod)]
    [InlineData(EltwiseOp.Max)]
    public void Threads_DoNotMatter(EltwiseOp operation) =>
        LayerAssert.ThreadsDoNotMatter(Parameter(operation), () => Random(3, 50, 1001));

    [Theory]
    [InlineData(EltwiseOp.Sum)]
    [InlineData(EltwiseOp.Prod)]
    [InlineData(EltwiseOp.Max)]
    public void Passes_AllocateNothing(EltwiseOp operation) =>
        SteadyState.AllocatesNothing(Parameter(operation), Random(3, 50, 1001));

    [Fact]
    public void WhatCannotWork_IsNamed()
    {
        LayerAssert.SetUpFails(
            ErrorCodes.BadLayerParameter, Parameter(EltwiseOp.Prod, true, 1, 2), Random(2, 3), 1, "coeff", "PROD");
        LayerAssert.SetUpFails(
            ErrorCodes.BadLayerParameter, Parameter(EltwiseOp.Sum, true, 1), Random(2, 3), 1, "coeff", "2 bottoms");
        LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, Parameter(EltwiseOp.Sum),
            [LayerHarness.RandomBlob(1, [2, 3]), LayerHarness.RandomBlob(2, [3, 2])], 1,
            "2 3 (6)", "bottom 1", "3 2 (6)");
        LayerAssert.SetUpFails(ErrorCodes.BlobCount, Parameter(EltwiseOp.Sum), Random(1, 3), 1, "at least 2");
    }

    [Theory]
    [InlineData(EltwiseOp.Sum, true, 2, false)]
    [InlineData(EltwiseOp.Sum, true, 3, true)]
    [InlineData(EltwiseOp.Sum, true, 9, true)]
    [InlineData(EltwiseOp.Prod, true, 2, false)]
    [InlineData(EltwiseOp.Prod, true, 5, false)]
    [InlineData(EltwiseOp.Prod, false, 6, false)]
    [InlineData(EltwiseOp.Max, true, 2, true)]
    [InlineData(EltwiseOp.Max, true, 4, false)]
    [InlineData(EltwiseOp.Max, true, 10, true)]
    public void Accelerators_DoTheSame(EltwiseOp operation, bool stable, int inputs, bool inPlace)
    {
        float[] coefficients = operation == EltwiseOp.Sum ? [.. Enumerable.Range(1, inputs).Select(i => i - 2.5f)] : [];
        // Numbers that 16 bits have, and equal ones in some places, for the maximum's choice.
        Blob[] Bottoms() => [.. Enumerable.Range(0, inputs).Select(i =>
        {
            Blob blob = LayerHarness.RandomBlob(20 + i, [3, 5, 17], 0.5f, 1.5f);
            foreach (ref float value in blob.MutableData)
                value = MathF.Round(value * 64) / 64;
            blob.MutableData[..100].Fill(1 + (i % 3));
            return blob;
        })];
        LayerParameter parameter = Parameter(operation, stable, coefficients);
        new GpuComparison { InPlace = inPlace }.Check(parameter, Bottoms);
        bool[] propagate = [.. Enumerable.Range(0, inputs).Select(i => i != 1)];
        new GpuComparison { Storage = StorageType.BFloat16, Tolerance = 2e-2f, Propagate = propagate }
            .Check(parameter, Bottoms);
    }
}
