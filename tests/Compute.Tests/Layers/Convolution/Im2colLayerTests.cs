using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Tests.Layers.Common;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Convolution;

public sealed class Im2colLayerTests
{
    // Kernel, stride, pad and dilation of each spatial axis stand beside the text.
    public static TheoryData<string, int[], int[][]> Variants => new()
    {
        { "kernel_size: 3 stride: 2 pad: 1", [2, 3, 7, 6], [[3, 2, 1, 1], [3, 2, 1, 1]] },
        { "kernel_size: 1", [2, 3, 4, 5], [[1, 1, 0, 1], [1, 1, 0, 1]] },
        { "kernel_h: 2 kernel_w: 3 stride_h: 1 stride_w: 3 pad_h: 0 pad_w: 2", [1, 2, 5, 9],
            [[2, 1, 0, 1], [3, 3, 2, 1]] },
        { "kernel_size: 3 kernel_size: 2 dilation: 2 dilation: 3 pad: 4", [1, 2, 6, 7], [[3, 1, 4, 2], [2, 1, 4, 3]] },
        { "kernel_size: 3 stride: 2", [1, 1, 2, 2], [[3, 2, 0, 1], [3, 2, 0, 1]] },
        { "kernel_size: 2 pad: 5", [1, 2, 3, 40], [[2, 1, 5, 1], [2, 1, 5, 1]] },
        { "kernel_size: 3 pad: 1", [2, 2, 9], [[3, 1, 1, 1]] },
        { "kernel_size: 2 pad: 1 stride: 2", [2, 2, 3, 4, 5], [[2, 2, 1, 1], [2, 2, 1, 1], [2, 2, 1, 1]] },
        { "kernel_size: 2 axis: 2 force_nd_im2col: true", [2, 2, 3, 4, 5], [[2, 1, 0, 1], [2, 1, 0, 1]] },
        { "kernel_size: 2 dilation: 0", [1, 2, 3, 4], [[2, 1, 0, 0], [2, 1, 0, 0]] },
    };

    private static LayerParameter Parameter(string convolution) => TextFormat.Parse<LayerParameter>(
        $"type: \"Im2col\" convolution_param {{ {convolution} }}", "net.prototxt");

    [Theory]
    [MemberData(nameof(Variants))]
    public void Pass_AgreesWithTheDefinition(string set, int[] shape, int[][] axes)
    {
        using var harness = new LayerHarness(Parameter(set), [LayerHarness.RandomBlob(1, shape)]);
        harness.Forward();
        int axis = shape.Length - axes.Length - 1;
        int[] outputs = [.. axes.Select((a, i) =>
            ((shape[axis + 1 + i] + (2 * a[2]) - (a[3] * (a[0] - 1)) - 1) / a[1]) + 1)];
        int taps = axes.Aggregate(1, (n, a) => n * a[0]), places = outputs.Aggregate(1, (n, o) => n * o);
        Assert.Equal([.. shape[..axis], shape[axis] * taps, .. outputs], harness.Top[0].Shape.ToArray());

        using Blob dy = LayerHarness.RandomBlob(2, harness.Top[0].Shape);
        dy.Data.CopyTo(harness.Top[0].MutableDiff);
        harness.Bottom[0].MutableDiff.Fill(9);
        harness.Backward();
        double[] dx = new double[harness.Bottom[0].Count];
        int plane = harness.Bottom[0].CountFrom(axis + 1);
        for (int i = 0; i < harness.Top[0].Count; i++)
        {
            int from = Place(i % places, i / places % taps);
            int x = from < 0 ? -1 : (i / places / taps * plane) + from;
            Assert.Equal(x < 0 ? 0 : harness.Bottom[0].Data[x], harness.Top[0].Data[i]);
            if (x >= 0)
                dx[x] += dy.Data[i];
        }

        for (int i = 0; i < dx.Length; i++)
            Assert.Equal(dx[i], harness.Bottom[0].Diff[i], 1e-5);

        int Place(int output, int tap)
        {
            int place = 0, step = 1;
            for (int a = axes.Length - 1; a >= 0; a--)
            {
                int at = (output % outputs[a] * axes[a][1]) - axes[a][2] + (tap % axes[a][0] * axes[a][3]);
                if (at < 0 || at >= shape[axis + 1 + a])
                    return -1;
                place += at * step;
                (output, tap, step) = (output / outputs[a], tap / axes[a][0], step * shape[axis + 1 + a]);
            }

            return place;
        }
    }

    [Theory]
    [InlineData("kernel_size: 3 stride: 2 pad: 1", 2, 2, 5, 4)]
    [InlineData("kernel_size: 2", 2, 3, 5)]
    public void Backward_AgreesWithDifferences(string set, params int[] shape)
    {
        using var harness = new LayerHarness(Parameter(set), [LayerHarness.RandomBlob(1, shape)]);
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void Reshape_FollowsTheBottom()
    {
        using var harness = new LayerHarness(Parameter("kernel_size: 3"), [LayerHarness.RandomBlob(1, [2, 2, 5, 4])]);
        harness.Bottom[0].Reshape(1, 3, 7, 9);
        harness.Forward();
        Assert.Equal([1, 27, 5, 7], harness.Top[0].Shape.ToArray());
        harness.Bottom[0].Reshape(3, 7, 9);
        Assert.Equal(ErrorCodes.ShapeMismatch, Assert.Throws<CaffeException>(() => harness.Forward()).Code);
    }

    [Theory]
    [InlineData(ErrorCodes.BadLayerParameter, "'kernel_size' is given 0 times", "stride: 2", 1, 3, 5, 6)]
    [InlineData(ErrorCodes.BadLayerParameter, "without 'kernel_w'", "kernel_h: 2", 1, 3, 5, 6)]
    [InlineData(ErrorCodes.BadLayerParameter, "the stride is 0", "kernel_size: 2 stride: 0", 1, 3, 5, 6)]
    [InlineData(ErrorCodes.ShapeMismatch, "length 0", "kernel_size: 6", 1, 3, 5, 6)]
    [InlineData(ErrorCodes.ShapeMismatch, "a spatial axis", "kernel_size: 2", 2, 3)]
    [InlineData(ErrorCodes.ShapeMismatch, "too many channels", "kernel_size: 60000 pad: 60000", 1, 3, 5, 6)]
    public void BadParameters_AreNamed(string code, string named, string set, params int[] shape) =>
        LayerAssert.SetUpFails(code, Parameter(set), [new Blob(shape)], 1, named);

    [Fact]
    public void Threads_DoNotMatter() => LayerAssert.ThreadsDoNotMatter(
        Parameter("kernel_size: 3 pad: 1"), () => [LayerHarness.RandomBlob(1, [3, 7, 31, 33])]);

    [Fact]
    public void Passes_AllocateNothing() => SteadyState.AllocatesNothing(
        Parameter("kernel_size: 3 pad: 1"), [LayerHarness.RandomBlob(1, [3, 7, 31, 33])]);

    [Theory]
    [InlineData("kernel_h: 2 kernel_w: 3 stride_h: 1 stride_w: 3 pad_h: 0 pad_w: 2", new[] { 3, 2, 5, 11 })]
    [InlineData("kernel_size: 2 dilation: 2 pad: 1", new[] { 2, 2, 4, 3, 5 })]
    public void OnAnAccelerator_ItIsTheSame(string set, int[] shape) =>
        new GpuComparison().Check(Parameter(set), () => [LayerHarness.RandomBlob(1, shape)]);
}
