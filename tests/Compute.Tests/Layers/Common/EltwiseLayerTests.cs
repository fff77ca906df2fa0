using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class EltwiseLayerTests
{
    private static LayerParameter Parameter(
        EltwiseParameter.Types.EltwiseOp operation, bool stable = true, params float[] coefficients)
    {
        var eltwise = new EltwiseParameter { Operation = operation, StableProdGrad = stable };
        eltwise.Coeff.AddRange(coefficients);
        return new LayerParameter { Type = "Eltwise", EltwiseParam = eltwise };
    }

    private static Blob[] Three(float min = -1) =>
        [.. Enumerable.Range(1, 3).Select(seed => LayerHarness.RandomBlob(seed, [2, 3, 19], min))];

    [Fact]
    public void Sum_WeighsItsBottoms()
    {
        using var harness = new LayerHarness(
            Parameter(EltwiseParameter.Types.EltwiseOp.Sum, true, 1, -0.5f, 2), Three());
        harness.Forward();
        for (int i = 0; i < 114; i++)
        {
            Assert.Equal(harness.Bottom[0].Data[i] - (0.5f * harness.Bottom[1].Data[i])
                + (2 * harness.Bottom[2].Data[i]),
                harness.Top[0].Data[i], 1e-6f);
        }

        new GradientChecker().Check(harness);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Product_AgreesWithDifferences(bool stable)
    {
        using var harness = new LayerHarness(Parameter(EltwiseParameter.Types.EltwiseOp.Prod, stable), Three(0.3f));
        harness.Forward();
        Assert.Equal(harness.Bottom[0].Data[5] * harness.Bottom[1].Data[5] * harness.Bottom[2].Data[5],
            harness.Top[0].Data[5], 1e-6f);
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void Max_GivesTheGradientToTheWinner()
    {
        Blob[] bottom =
        [
            LayerHarness.BlobOf([4], 1, 2, 5, 0), LayerHarness.BlobOf([4], 1, 3, 4, 0),
                LayerHarness.BlobOf([4], 1, 2.5f, 9, -1),
        ];
        using var harness = new LayerHarness(Parameter(EltwiseParameter.Types.EltwiseOp.Max), bottom);
        harness.Forward();
        Assert.Equal([1f, 3, 9, 0], harness.Top[0].Data.ToArray());
        harness.Top[0].MutableDiff.Fill(1);
        harness.Backward();
        // A tie of the first two goes to the second; a later bottom wins only if it is greater.
        Assert.Equal([0f, 0, 0, 0], harness.Bottom[0].Diff.ToArray());
        Assert.Equal([1f, 1, 0, 1], harness.Bottom[1].Diff.ToArray());
        Assert.Equal([0f, 0, 1, 0], harness.Bottom[2].Diff.ToArray());
    }

    [Fact]
    public void Threads_DoNotMatter() => LayerAssert.ThreadsDoNotMatter(
        Parameter(EltwiseParameter.Types.EltwiseOp.Prod), () =>
        [LayerHarness.RandomBlob(1, [40000]), LayerHarness.RandomBlob(2, [40000])]);

    [Fact]
    public void ShapesAndCoefficientsThatDoNotFit_AreRefused()
    {
        LayerParameter sum = Parameter(EltwiseParameter.Types.EltwiseOp.Sum);
        LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, sum, [new Blob([2, 3]), new Blob([3, 2])], 1);
        LayerAssert.SetUpFails(ErrorCodes.BadLayerParameter, Parameter(EltwiseParameter.Types.EltwiseOp.Sum, true, 1),
            [new Blob([2]), new Blob([2])], 1);
        LayerAssert.SetUpFails(
            ErrorCodes.BadLayerParameter, Parameter(EltwiseParameter.Types.EltwiseOp.Prod, true, 1, 1),
            [new Blob([2]), new Blob([2])], 1);
    }
}
