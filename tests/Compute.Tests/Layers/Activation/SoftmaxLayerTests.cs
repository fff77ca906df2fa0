using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Activation;

public sealed class SoftmaxLayerTests
{
    private static LayerParameter Parameter(int axis = 1) =>
        new() { Type = "Softmax", SoftmaxParam = new SoftmaxParameter { Axis = axis } };

    [Theory]
    [InlineData(new[] { 4, 6 }, 1)]
    [InlineData(new[] { 3, 1 }, 1)]
    [InlineData(new[] { 9, 16 }, 1)]
    [InlineData(new[] { 2, 1003 }, 1)]
    [InlineData(new[] { 5, 40 }, 0)]
    [InlineData(new[] { 7 }, 0)]
    [InlineData(new[] { 2, 5, 3, 11 }, 1)]
    [InlineData(new[] { 2, 5, 3, 11 }, 2)]
    [InlineData(new[] { 2, 5, 3, 11 }, -1)]
    [InlineData(new[] { 2, 21, 50, 33 }, 1)]
    [InlineData(new[] { 900, 21, 3 }, 1)]
    public void Forward_IsTheSoftmax(int[] shape, int axis)
    {
        using var harness = new LayerHarness(Parameter(axis), [LayerHarness.RandomBlob(1, shape, -30, 30)]);
        harness.Forward();
        Blob x = harness.Bottom[0], y = harness.Top[0];
        int at = x.CanonicalAxis(axis), classes = x.Dim(at), inner = x.CountFrom(at + 1);
        for (int position = 0; position < x.Count / classes; position++)
        {
            int start = (position / inner * classes * inner) + (position % inner);
            double sum = 0;
            for (int c = 0; c < classes; c++)
                sum += Math.Exp(x.Data[start + (c * inner)]);
            for (int c = 0; c < classes; c++)
            {
                double expected = Math.Exp(x.Data[start + (c * inner)]) / sum;
                Assert.Equal(expected, y.Data[start + (c * inner)], (4e-6 * expected) + 1e-30);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void Forward_StandsLargeScores(int inner)
    {
        using var harness = new LayerHarness(Parameter(), [new Blob(1, 3, inner)]);
        Span<float> x = harness.Bottom[0].MutableData;
        x[..inner].Fill(3e38f);
        x[inner..(2 * inner)].Fill(3e38f);
        x[(2 * inner)..].Fill(-3e38f);
        harness.Forward();
        for (int i = 0; i < 3 * inner; i++)
            Assert.Equal(i < 2 * inner ? 0.5f : 0, harness.Top[0].Data[i]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void Forward_SpreadsNaNOverItsPositionAlone(int inner)
    {
        using var harness = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(2, [2, 3, inner])]);
        harness.Bottom[0].MutableData[inner] = float.NaN;
        harness.Forward();
        for (int i = 0; i < 6 * inner; i++)
            Assert.Equal(i < 3 * inner && i % inner == 0, float.IsNaN(harness.Top[0].Data[i]));
    }

    [Theory]
    [InlineData(new[] { 4, 6 }, 1)]
    [InlineData(new[] { 2, 35 }, 1)]
    [InlineData(new[] { 2, 3, 4, 5 }, 1)]
    [InlineData(new[] { 2, 3, 4, 5 }, -1)]
    [InlineData(new[] { 4, 19 }, 0)]
    public void Backward_AgreesWithDifferences(int[] shape, int axis)
    {
        using var harness = new LayerHarness(Parameter(axis), [LayerHarness.RandomBlob(3, shape, -2, 2)]);
        new GradientChecker().Check(harness);
    }

    [Theory]
    [InlineData(new[] { 6, 37 }, 1)]
    [InlineData(new[] { 3, 4, 37 }, 1)]
    public void InPlace_IsTheSame(int[] shape, int axis) =>
        LayerAssert.InPlaceIsTheSame(Parameter(axis), () => LayerHarness.RandomBlob(4, shape));

    [Theory]
    [InlineData(new[] { 70, 1000 }, 1)]
    [InlineData(new[] { 3, 21, 1234 }, 1)]
    public void Threads_DoNotMatter(int[] shape, int axis) =>
        LayerAssert.ThreadsDoNotMatter(Parameter(axis), () => [LayerHarness.RandomBlob(5, shape)]);

    [Fact]
    public void Axis_MustExist() => LayerAssert.SetUpFails(
        ErrorCodes.ShapeMismatch, Parameter(2), [LayerHarness.RandomBlob(6, [2, 3])], 1, "axis 2", "2 3 (6)");
}
