using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class BiasLayerTests
{
    private static LayerParameter Parameter(int axis = 1, int axes = 1, float value = 0) => new()
    {
        Type = "Bias",
        BiasParam = new BiasParameter
        {
            Axis = axis,
            NumAxes = axes,
            Filler = new FillerParameter { Type = "constant", Value = value },
        },
    };

    [Theory]
    [InlineData(new[] { 2, 3, 4, 5 }, 1, 1)]
    [InlineData(new[] { 3, 18 }, 1, 1)]
    [InlineData(new[] { 2, 3, 4 }, 0, -1)]
    [InlineData(new[] { 2, 3, 4 }, -2, 2)]
    [InlineData(new[] { 2, 3, 4 }, 1, 0)]
    public void Learned_IsAddedToItsChannel(int[] shape, int axis, int axes)
    {
        using var harness = new LayerHarness(Parameter(axis, axes), [LayerHarness.RandomBlob(1, shape)]);
        Blob bias = harness.Layer.Blobs[0];
        for (int i = 0; i < bias.Count; i++)
            bias.MutableData[i] = i + 1;
        harness.Forward();
        int first = bias.AxisCount == 0 ? 0 : harness.Bottom[0].CanonicalAxis(axis);
        int inner = harness.Bottom[0].CountFrom(first + bias.AxisCount);
        for (int i = 0; i < harness.Top[0].Count; i++)
            Assert.Equal(harness.Bottom[0].Data[i] + ((i / inner % bias.Count) + 1), harness.Top[0].Data[i]);
        new GradientChecker { Threshold = 2e-3f }.Check(harness);
    }

    [Fact]
    public void SecondBottom_IsAddedToItsChannel()
    {
        using var harness = new LayerHarness(
            Parameter(0), [LayerHarness.RandomBlob(2, [2, 3, 4]), LayerHarness.RandomBlob(3, [2, 3])]);
        Assert.Empty(harness.Layer.Blobs);
        harness.Forward();
        for (int i = 0; i < harness.Top[0].Count; i++)
            Assert.Equal(harness.Bottom[0].Data[i] + harness.Bottom[1].Data[i / 4], harness.Top[0].Data[i]);
        new GradientChecker().Check(harness);

        harness.Top[0].MutableDiff.Fill(1);
        harness.Backward();
        harness.Backward();
        Assert.All(harness.Bottom[1].Diff.ToArray(), value => Assert.Equal(4, value));
    }

    [Fact]
    public void LearnedGradient_IsAdded()
    {
        using var harness = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(4, [1, 3, 20])]);
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(1);
        harness.Backward();
        harness.Backward();
        Assert.Equal([40, 40, 40], harness.Layer.Blobs[0].Diff.ToArray());
    }

    [Fact]
    public void InPlace_IsTheSame() => LayerAssert.InPlaceIsTheSame(
        Parameter(value: 3), () => LayerHarness.RandomBlob(5, [2, 3, 5, 5]));

    [Fact]
    public void Threads_DoNotMatter() => LayerAssert.ThreadsDoNotMatter(
        Parameter(value: 3), () => [LayerHarness.RandomBlob(6, [5, 7, 40, 41])]);

    [Fact]
    public void Passes_AllocateNothing() => SteadyState.AllocatesNothing(
        Parameter(), [LayerHarness.RandomBlob(7, [4, 9, 31, 31])]);

    [Fact]
    public void ValuesThatDoNotFit_AreNamed() => LayerAssert.SetUpFails(
        ErrorCodes.ShapeMismatch, Parameter(),
        [LayerHarness.RandomBlob(8, [2, 3, 4]), LayerHarness.RandomBlob(9, [3, 5])], 1, "3 5 (15)", "axis 1");

    [Theory]
    [InlineData(new[] { 2, 3, 17, 19 }, new[] { 3 }, 1, false)]
    [InlineData(new[] { 2, 3, 17, 19 }, new[] { 3 }, 1, true)]
    [InlineData(new[] { 2, 3, 4 }, new[] { 2, 3, 4 }, 0, false)]
    [InlineData(new[] { 2, 3, 4 }, new int[0], 1, true)]
    public void Accelerators_DoTheSame(int[] shape, int[] values, int axis, bool inPlace)
    {
        new GpuComparison { InPlace = inPlace }.Check(
            Parameter(axis, values.Length, value: 3), () => [LayerHarness.RandomBlob(9, shape)]);
        new GpuComparison { InPlace = inPlace, Storage = StorageType.BFloat16, Tolerance = 1e-2f }.Check(
            Parameter(axis), () => [LayerHarness.RandomBlob(9, shape), LayerHarness.RandomBlob(10, values)]);
    }
}
