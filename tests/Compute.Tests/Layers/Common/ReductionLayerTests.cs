using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;
using Operation = CaffeActors.Compute.Schema.ReductionParameter.Types.ReductionOp;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class ReductionLayerTests
{
    private static LayerParameter Parameter(
        Operation operation, int axis = 0, float coeff = 1) => new()
        {
            Type = "Reduction",
            ReductionParam = new ReductionParameter { Operation = operation, Axis = axis, Coeff = coeff },
        };

    public static TheoryData<Operation, int[], int, float> Cases()
    {
        var cases = new TheoryData<Operation, int[], int, float>();
        foreach (Operation operation in Enum.GetValues<Operation>())
        {
            cases.Add(operation, [3, 4, 5], 0, 1);
            cases.Add(operation, [3, 4, 5], 1, 0.7f);
            cases.Add(operation, [3, 4, 5], 2, -2);
            cases.Add(operation, [3, 4, 5], -1, 1);
            cases.Add(operation, [20, 3], 1, 1);
            cases.Add(operation, [2, 19], 1, 1);
            cases.Add(operation, [4, 1], 1, 3);
            cases.Add(operation, [5], 0, 1);
            cases.Add(operation, [], 0, 2);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Pass_FollowsTheFormula(
        Operation operation, int[] shape, int axis, float coeff)
    {
        using var harness = new LayerHarness(
            Parameter(operation, axis, coeff), [LayerHarness.RandomBlob(1, shape, -2, 2)]);
        harness.Forward();
        int first = axis < 0 ? axis + shape.Length : axis;
        Assert.Equal(shape[..first], harness.Top[0].Shape.ToArray());
        int length = harness.Bottom[0].CountFrom(first);
        for (int row = 0; row < harness.Top[0].Count; row++)
        {
            double sum = 0;
            foreach (float x in harness.Bottom[0].Data.Slice(row * length, length))
            {
                sum += operation switch
                {
                    Operation.Asum => Math.Abs(x),
                    Operation.Sumsq => (double)x * x,
                    Operation.Mean => (double)x / length,
                    _ => x,
                };
            }

            Assert.Equal(coeff * sum, harness.Top[0].Data[row], 1e-5);
        }

        bool hasKink = operation == Operation.Asum;
        new GradientChecker { KinkRange = hasKink ? 0.02f : -1, Threshold = 2e-3f }.Check(harness);
    }

    [Fact]
    public void WithoutParameters_ItIsTheSumOfAll()
    {
        using var harness = new LayerHarness(
            new LayerParameter { Type = "Reduction" }, [LayerHarness.BlobOf([2, 2], 1, 2, 3, 4)]);
        harness.Forward();
        Assert.Equal([], harness.Top[0].Shape.ToArray());
        Assert.Equal(10, harness.Top[0].Scalar);
    }

    [Fact]
    public void SlopeOfTheAbsoluteValue_IsZeroAtZero()
    {
        using var harness = new LayerHarness(
            Parameter(Operation.Asum), [LayerHarness.BlobOf([3], -2, 0, 5)]);
        harness.Forward();
        harness.Top[0].MutableDiff[0] = 3;
        harness.Backward();
        Assert.Equal([-3, 0, 3], harness.Bottom[0].Diff.ToArray());
    }

    [Theory]
    [InlineData(Operation.Sum, new[] { 3, 0 }, 1)]
    [InlineData(Operation.Mean, new[] { 3, 0 }, 1)]
    [InlineData(Operation.Mean, new[] { 0, 3 }, 0)]
    [InlineData(Operation.Sumsq, new[] { 0, 3 }, 1)]
    public void OfNothing_TheResultIsZero(Operation operation, int[] shape, int axis)
    {
        using var harness = new LayerHarness(Parameter(operation, axis), [new Blob(shape)]);
        harness.Top[0].MutableData.Fill(7);
        harness.Forward();
        Assert.All(harness.Top[0].Data.ToArray(), value => Assert.Equal(0, value));
        harness.Backward();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Threads_DoNotMatter(int axis) => LayerAssert.ThreadsDoNotMatter(
        Parameter(Operation.Sumsq, axis), () => [LayerHarness.RandomBlob(2, [7, 411, 101])]);

    [Fact]
    public void Passes_AllocateNothing() => SteadyState.AllocatesNothing(
        Parameter(Operation.Asum, 1), [LayerHarness.RandomBlob(2, [7, 41, 101])]);

    [Fact]
    public void WhatCannotWork_IsNamed()
    {
        LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, Parameter(Operation.Sum, 2),
            [new Blob(3, 2)], 1, "axis 2");
        LayerAssert.InPlaceIsRefused(Parameter(Operation.Sum), new Blob(3, 2));
    }

    [Theory]
    [InlineData(Operation.Sum, 1)]
    [InlineData(Operation.Asum, 0)]
    [InlineData(Operation.Sumsq, 2)]
    [InlineData(Operation.Mean, 3)]
    public void OnAnAccelerator_ItIsTheSame(Operation operation, int axis) => new GpuComparison().Check(
        Parameter(operation, axis, 0.7f), () => [LayerHarness.RandomBlob(1, [3, 7, 5, 11])]);
}
