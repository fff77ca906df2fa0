using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class AxpyLayerTests
{
    private static readonly LayerParameter _axpy = new() { Type = "Axpy" };

    private static Blob[] Bottoms(int[] scales, int[] shape) =>
        [LayerHarness.RandomBlob(1, scales), LayerHarness.RandomBlob(2, shape), LayerHarness.RandomBlob(3, shape)];

    [Theory]
    [InlineData(new[] { 2, 3 }, new[] { 2, 3, 4, 5 })]
    [InlineData(new[] { 2, 3, 1, 1 }, new[] { 2, 3, 17 })]
    [InlineData(new[] { 2, 3, 1 }, new[] { 2, 3 })]
    [InlineData(new[] { 1, 2 }, new[] { 1, 2, 300, 211 })]
    public void Forward_WeighsChannelsAndAdds(int[] scales, int[] shape)
    {
        using var harness = new LayerHarness(_axpy, Bottoms(scales, shape));
        harness.Forward();
        Assert.Equal(shape, harness.Top[0].Shape.ToArray());
        int inner = harness.Bottom[1].CountFrom(2);
        for (int i = 0; i < harness.Top[0].Count; i++)
        {
            Assert.Equal(
                (harness.Bottom[0].Data[i / inner] * harness.Bottom[1].Data[i]) + harness.Bottom[2].Data[i],
                harness.Top[0].Data[i], 1e-6f);
        }
    }

    [Theory]
    [InlineData(new[] { 2, 3 }, new[] { 2, 3, 2, 5 })]
    [InlineData(new[] { 2, 3, 1, 1 }, new[] { 2, 3, 19 })]
    [InlineData(new[] { 3, 2 }, new[] { 3, 2 })]
    public void Backward_AgreesWithDifferences(int[] scales, int[] shape)
    {
        using var harness = new LayerHarness(_axpy, Bottoms(scales, shape));
        new GradientChecker().Check(harness);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Backward_GivesOneBottomAloneWhenAsked(int wanted)
    {
        using var harness = new LayerHarness(_axpy, Bottoms([2, 3], [2, 3, 4]));
        new GradientChecker().Check(harness, wanted);
        foreach (Blob bottom in harness.Bottom)
            bottom.MutableDiff.Fill(7);
        harness.Backward([.. Enumerable.Range(0, 3).Select(i => i == wanted)]);
        Assert.All(Enumerable.Range(0, 3).Where(i => i != wanted),
            i => Assert.All(harness.Bottom[i].Diff.ToArray(), value => Assert.Equal(7, value)));
    }

    [Theory]
    [InlineData(new[] { 2, 3, 2 }, new[] { 2, 3, 4 }, "2 3 2")]
    [InlineData(new[] { 2, 4 }, new[] { 2, 3, 4 }, "2 x 3 channels")]
    [InlineData(new[] { 1, 3 }, new[] { 2, 3, 4 }, "1 3 (3)")]
    [InlineData(new[] { 2 }, new[] { 2, 3 }, "2 (2)")]
    [InlineData(new[] { 2 }, new[] { 2 }, "at least 2 axes")]
    public void OtherScales_AreRefused(int[] scales, int[] shape, string part) =>
        LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, _axpy, Bottoms(scales, shape), 1, part);

    [Fact]
    public void OtherSummands_AreRefused() => LayerAssert.SetUpFails(
        ErrorCodes.ShapeMismatch, _axpy, [new Blob(2, 3), new Blob(2, 3, 4), new Blob(2, 3, 5)], 1, "2 3 5 (30)");

    [Fact]
    public void InPlace_IsRefused()
    {
        var failure = Assert.Throws<CaffeException>(
            () => new LayerHarness(_axpy, Bottoms([2, 3], [2, 3]), inPlace: true));
        Assert.Equal(ErrorCodes.BadConnection, failure.Code);
    }

    [Fact]
    public void Threads_DoNotMatter() =>
        LayerAssert.ThreadsDoNotMatter(_axpy, () => Bottoms([7, 5], [7, 5, 31, 101]));

    [Theory]
    [InlineData(new[] { 2, 3 }, new[] { 2, 3, 17, 13 })]
    [InlineData(new[] { 2, 3, 1 }, new[] { 2, 3 })]
    public void Accelerators_DoTheSame(int[] scales, int[] shape)
    {
        new GpuComparison().Check(_axpy, () => Bottoms(scales, shape));
        new GpuComparison { Propagate = [false, true, false], Storage = StorageType.Float16, Tolerance = 5e-3f }
            .Check(_axpy, () => Bottoms(scales, shape));
    }
}
