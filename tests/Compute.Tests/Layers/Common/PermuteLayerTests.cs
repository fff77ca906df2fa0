using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class PermuteLayerTests
{
    private static LayerParameter Parameter(params uint[] order) =>
        new() { Type = "Permute", PermuteParam = new PermuteParameter { Order = { order } } };

    [Theory]
    [InlineData(new uint[] { 0, 2, 3, 1 }, new[] { 2, 3, 4, 5 })]
    [InlineData(new uint[] { 3, 2, 1, 0 }, new[] { 2, 3, 4, 5 })]
    [InlineData(new uint[] { 1, 0 }, new[] { 300, 211 })]
    [InlineData(new uint[] { 2 }, new[] { 2, 3, 4 })]
    [InlineData(new uint[] { 0, 2 }, new[] { 2, 3, 4, 20 })]
    [InlineData(new uint[] { }, new[] { 2, 3, 4 })]
    [InlineData(new uint[] { 1, 2 }, new[] { 2, 1, 1, 3 })]
    [InlineData(new uint[] { }, new int[] { })]
    public void Forward_MovesElements(uint[] order, int[] shape)
    {
        using var harness = new LayerHarness(Parameter(order), [LayerHarness.RandomBlob(1, shape)]);
        harness.Forward();
        int[] full = [.. order.Select(axis => (int)axis), .. Enumerable.Range(0, shape.Length)
            .Except(order.Select(axis => (int)axis))];
        Assert.Equal(full.Select(axis => shape[axis]), harness.Top[0].Shape.ToArray());
        var at = new int[shape.Length];
        for (int i = 0; i < harness.Top[0].Count; i++)
        {
            int rest = i;
            for (int k = shape.Length - 1; k >= 0; k--)
            {
                at[full[k]] = rest % shape[full[k]];
                rest /= shape[full[k]];
            }

            Assert.Equal(harness.Bottom[0].Data[harness.Bottom[0].Offset(at)], harness.Top[0].Data[i]);
        }
    }

    [Theory]
    [InlineData(new uint[] { 0, 2, 3, 1 }, new[] { 2, 3, 2, 5 })]
    [InlineData(new uint[] { 1 }, new[] { 4, 6 })]
    [InlineData(new uint[] { 0, 2 }, new[] { 2, 3, 2, 4 })]
    [InlineData(new uint[] { }, new[] { 2, 3 })]
    public void Backward_AgreesWithDifferences(uint[] order, int[] shape)
    {
        using var harness = new LayerHarness(Parameter(order), [LayerHarness.RandomBlob(1, shape)]);
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void Shape_MayChangeBetweenPasses()
    {
        using var harness = new LayerHarness(Parameter(1), [LayerHarness.RandomBlob(1, [2, 3])]);
        harness.Bottom[0].Reshape(1, 4, 2);
        harness.Bottom[0].MutableData.Fill(1);
        harness.Forward();
        Assert.Equal([4, 1, 2], harness.Top[0].Shape.ToArray());
    }

    [Theory]
    [InlineData(new uint[] { 0, 3 }, "the axis 3")]
    [InlineData(new uint[] { 1, 1 }, "the axis 1")]
    [InlineData(new uint[] { uint.MaxValue }, "one of 0 to 2")]
    public void BadOrders_AreRefused(uint[] order, string part) => LayerAssert.SetUpFails(
        ErrorCodes.BadLayerParameter, Parameter(order), [new Blob(2, 3, 4)], 1, part, "2 3 4 (24)");

    [Fact]
    public void InPlace_IsRefused()
    {
        var failure = Assert.Throws<CaffeException>(
            () => new LayerHarness(Parameter(1, 0), [new Blob(2, 2)], inPlace: true));
        Assert.Equal(ErrorCodes.BadConnection, failure.Code);
    }

    [Fact]
    public void Threads_DoNotMatter() =>
        LayerAssert.ThreadsDoNotMatter(Parameter(0, 2, 3, 1), () => [LayerHarness.RandomBlob(1, [7, 5, 31, 101])]);

    [Theory]
    [InlineData(0u, 2u, 3u, 1u)]
    [InlineData(3u, 1u)]
    [InlineData]
    public void OnAnAccelerator_ItIsTheSame(params uint[] order) =>
        new GpuComparison().Check(Parameter(order), () => [LayerHarness.RandomBlob(1, [3, 7, 5, 11])]);
}
