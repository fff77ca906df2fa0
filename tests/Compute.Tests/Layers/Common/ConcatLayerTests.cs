using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class ConcatLayerTests
{
    private static LayerParameter Parameter(int axis = 1) =>
        new() { Type = "Concat", ConcatParam = new ConcatParameter { Axis = axis } };

    [Theory]
    [InlineData(1)]
    [InlineData(-2)]
    public void Bottoms_StandSideBySide(int axis)
    {
        using var harness = new LayerHarness(
            Parameter(axis), [LayerHarness.RandomBlob(1, [2, 3, 4]), LayerHarness.RandomBlob(2, [2, 1, 4])]);
        harness.Forward();
        Assert.Equal([2, 4, 4], harness.Top[0].Shape.ToArray());
        Assert.Equal(harness.Bottom[0].Data[12..24].ToArray(), harness.Top[0].Data[16..28].ToArray());
        Assert.Equal(harness.Bottom[1].Data[4..8].ToArray(), harness.Top[0].Data[28..32].ToArray());
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void BottomWithoutGradient_IsLeftAlone()
    {
        using var harness = new LayerHarness(
            Parameter(0), [LayerHarness.RandomBlob(1, [2, 3]), LayerHarness.RandomBlob(2, [1, 3])]);
        harness.Forward();
        harness.Bottom[1].MutableDiff.Fill(7);
        harness.Top[0].MutableDiff.Fill(1);
        harness.Backward(true, false);
        Assert.Equal([7f, 7, 7], harness.Bottom[1].Diff.ToArray());
    }

    [Fact]
    public void OtherShapesAndBothAxes_AreRefused()
    {
        LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, Parameter(), [new Blob([2, 3, 4]), new Blob([2, 3, 5])], 1);
        LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, Parameter(), [new Blob([2, 3, 4]), new Blob([2, 3])], 1);
        LayerParameter both = new() { Type = "Concat", ConcatParam = new ConcatParameter { Axis = 1, ConcatDim = 1 } };
        LayerAssert.SetUpFails(ErrorCodes.BadLayerParameter, both, [new Blob([2, 3]), new Blob([2, 3])], 1);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(3, true)]
    [InlineData(1, false)]
    public void OnAnAccelerator_ItIsTheSame(int axis, bool propagate) => new GpuComparison
    {
        Propagate = [true, propagate, true],
    }.Check(Parameter(axis), () => [.. Enumerable.Range(1, 3).Select(i =>
    {
        int[] shape = [3, 7, 5, 11];
        shape[axis] = i;
        return LayerHarness.RandomBlob(i, shape);
    })]);
}
