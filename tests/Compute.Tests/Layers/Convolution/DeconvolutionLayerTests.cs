using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Cpu.Convolution;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Tests.Backends.Cpu.Convolution;
using CaffeActors.Compute.Tests.Layers.Common;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Convolution;

public sealed class DeconvolutionLayerTests
{
    private static LayerParameter Parameter(string convolution) => TextFormat.Parse<LayerParameter>(
        $"type: \"Deconvolution\" convolution_param {{ {convolution} }}", "net.prototxt");

    // Weights of a fixed random sequence, whatever fillers there are.
    private static LayerHarness Harness(string convolution, params Blob[] bottom)
    {
        var harness = new LayerHarness(Parameter(convolution), bottom, bottom.Length);
        foreach (Blob blob in harness.Layer.Blobs)
            LayerHarness.FillRandom(blob.MutableData, blob.AxisCount);
        return harness;
    }

    private static Blob Input(params ReadOnlySpan<int> shape) => LayerHarness.RandomBlob(1, shape);

    // Spatial axes as the transposed convolution has them: its input is the top.
    public static TheoryData<string, int[], int[], SpatialAxis[]> Variants => new()
    {
        { "num_output: 4 kernel_size: 4 stride: 2 pad: 1", [2, 3, 5, 6], [2, 4, 10, 12],
            [new(10, 4, 2, 1, 1), new(12, 4, 2, 1, 1)] },
        { "num_output: 4 kernel_size: 3 bias_term: false", [2, 3, 4, 3], [2, 4, 6, 5],
            [new(6, 3, 1, 0, 1), new(5, 3, 1, 0, 1)] },
        { "num_output: 6 kernel_size: 3 stride: 2 group: 2 pad: 1", [2, 4, 4, 5], [2, 6, 7, 9],
            [new(7, 3, 2, 1, 1), new(9, 3, 2, 1, 1)] },
        { "num_output: 3 kernel_h: 2 kernel_w: 4 stride_h: 3 stride_w: 2 pad_h: 0 pad_w: 2", [1, 2, 4, 5],
            [1, 3, 11, 8], [new(11, 2, 3, 0, 1), new(8, 4, 2, 2, 1)] },
        { "num_output: 3 kernel_size: 3 pad_h: 1", [1, 2, 5, 5], [1, 3, 5, 7],
            [new(5, 3, 1, 1, 1), new(7, 3, 1, 0, 1)] },
        { "num_output: 3 kernel_size: 3 kernel_size: 2 dilation: 2 dilation: 3 stride: 1 stride: 2 pad: 2 pad: 1",
            [1, 2, 9, 6], [1, 3, 9, 12], [new(9, 3, 1, 2, 2), new(12, 2, 2, 1, 3)] },
        // Places that no kernel reaches have the bias alone.
        { "num_output: 2 kernel_size: 1 stride: 3", [2, 3, 3, 4], [2, 2, 7, 10],
            [new(7, 1, 3, 0, 1), new(10, 1, 3, 0, 1)] },
        { "num_output: 8 kernel_size: 2 stride: 3", [2, 16, 3, 20], [2, 8, 8, 59],
            [new(8, 2, 3, 0, 1), new(59, 2, 3, 0, 1)] },
        { "num_output: 5 kernel_size: 1", [2, 3, 3, 4], [2, 5, 3, 4], [new(3, 1, 1, 0, 1), new(4, 1, 1, 0, 1)] },
        { "num_output: 20 kernel_size: 3 pad: 1", [3, 12, 9, 17], [3, 20, 9, 17],
            [new(9, 3, 1, 1, 1), new(17, 3, 1, 1, 1)] },
        { "num_output: 4 kernel_size: 3 stride: 2 pad: 1", [2, 3, 6], [2, 4, 11], [new(11, 3, 2, 1, 1)] },
        { "num_output: 4 kernel_size: 3", [3, 5], [3, 4], [] },
        { "num_output: 3 kernel_size: 2 stride: 2", [2, 2, 2, 3, 2], [2, 3, 4, 6, 4],
            [new(4, 2, 2, 0, 1), new(6, 2, 2, 0, 1), new(4, 2, 2, 0, 1)] },
        { "num_output: 2 kernel_size: 2 axis: 2 engine: CUDNN force_nd_im2col: true", [2, 2, 3, 4, 5],
            [2, 2, 2, 5, 6], [new(5, 2, 1, 0, 1), new(6, 2, 1, 0, 1)] },
        { "num_output: 3 kernel_size: 4 stride: 2 pad: 1 group: 3", [1, 3, 4, 4], [1, 3, 8, 8],
            [new(8, 4, 2, 1, 1), new(8, 4, 2, 1, 1)] },
    };

    [Theory]
    [MemberData(nameof(Variants))]
    public void ForwardAndBackward_AgreeWithTheDefinition(string set, int[] bottom, int[] top, SpatialAxis[] axes)
    {
        using LayerHarness harness = Harness(set, Input(bottom));
        harness.Forward();
        Assert.Equal(top, harness.Top[0].Shape.ToArray());
        using Blob dy = LayerHarness.RandomBlob(2, top);
        dy.Data.CopyTo(harness.Top[0].MutableDiff);
        foreach (Blob blob in harness.Layer.Blobs)
            blob.MutableDiff.Fill(0.25f);
        harness.Backward();

        // A convolution from the top to the bottom: what it has as data gradient is this layer's output.
        int outputs = top[^(axes.Length + 1)], channels = bottom[^(axes.Length + 1)];
        int images = harness.Bottom[0].CountRange(0, bottom.Length - axes.Length - 1);
        Blob weights = harness.Layer.Blobs[0];
        Assert.Equal([channels, outputs / Groups(set)], weights.Shape[..2].ToArray());
        var reference = new ConvolutionReference(
            Groups(set), outputs, channels, axes, images, dy.Data.ToArray(), weights.Data.ToArray(),
            new float[channels], harness.Bottom[0].Data.ToArray());
        var db = new ConvolutionReference.Sums(outputs);
        bool bias = harness.Layer.Blobs.Count > 1;
        for (int i = 0; i < dy.Count; i++)
        {
            int output = i / dy.CountFrom(top.Length - axes.Length) % outputs;
            db.Add(output, dy.Data[i], 1);
            if (bias)
                reference.Dx.Add(i, harness.Layer.Blobs[1].Data[output], 1);
        }

        reference.Dx.AssertClose(harness.Top[0].Data, "outputs");
        reference.Y.AssertClose(harness.Bottom[0].Diff, "data gradient");
        reference.Dw.AssertClose(weights.Diff, "weight gradient", 0.25f);
        if (bias)
            db.AssertClose(harness.Layer.Blobs[1].Diff, "bias gradient", 0.25f);
        Assert.Equal(
            2L * harness.Bottom[0].Count * weights.CountFrom(1),
            harness.Layer.ForwardFlops(harness.Bottom, harness.Top));
    }

    [Theory]
    [InlineData("num_output: 3 kernel_size: 3 stride: 2 pad: 1", 2, 2, 3, 4)]
    [InlineData("num_output: 4 kernel_size: 2 group: 2 dilation: 2", 2, 2, 3, 3)]
    [InlineData("num_output: 2 kernel_size: 1 stride: 3", 1, 2, 3, 2)]
    [InlineData("num_output: 2 kernel_size: 3 stride: 2", 2, 3, 4)]
    public void Backward_AgreesWithDifferences(string set, params int[] bottom)
    {
        using LayerHarness harness = Harness(set, Input(bottom));
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void SeveralBottoms_ShareTheWeights()
    {
        const string Set = "num_output: 3 kernel_size: 3 stride: 2";
        using LayerHarness harness = Harness(Set, Input(2, 2, 3, 2), LayerHarness.RandomBlob(7, [2, 2, 3, 2]));
        using LayerHarness second = Harness(Set, LayerHarness.RandomBlob(7, [2, 2, 3, 2]));
        harness.Forward();
        second.Forward();
        Assert.Equal(second.Top[0].Data.ToArray(), harness.Top[1].Data.ToArray());
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void Backward_LeavesOutWhatIsNotWanted()
    {
        using LayerHarness harness = Harness("num_output: 3 kernel_size: 3", Input(2, 2, 3, 2));
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(1);
        harness.Bottom[0].MutableDiff.Fill(7);
        harness.Layer.ParamPropagateDown[0] = false;
        harness.Backward(false);
        Assert.All(harness.Bottom[0].Diff.ToArray(), value => Assert.Equal(7, value));
        Assert.All(harness.Layer.Blobs[0].Diff.ToArray(), value => Assert.Equal(0, value));
        Assert.All(harness.Layer.Blobs[1].Diff.ToArray(), value => Assert.Equal(2 * 5 * 4, value));
        harness.Layer.ParamPropagateDown[0] = true;
        harness.Layer.ParamPropagateDown[1] = false;
        harness.Backward(false);
        Assert.All(harness.Layer.Blobs[1].Diff.ToArray(), value => Assert.Equal(2 * 5 * 4, value));
        Assert.DoesNotContain(0, harness.Layer.Blobs[0].Diff.ToArray());
    }

    // A factor f: kernel 2 f - f % 2, stride f, pad ceil((f - 1) / 2), as many groups as channels, "bilinear".
    [Fact]
    public void BilinearFilter_EnlargesARampToARamp()
    {
        float[] ramp = [.. Enumerable.Range(0, 2 * 6 * 6).Select(i => (float)(i % 6))];
        const string Set = "num_output: 2 group: 2 kernel_size: 4 stride: 2 pad: 1 bias_term: false "
            + "weight_filler { type: \"bilinear\" }";
        using var harness = new LayerHarness(Parameter(Set), [LayerHarness.BlobOf([1, 2, 6, 6], ramp)]);
        harness.Forward();
        Assert.Equal([1, 2, 12, 12], harness.Top[0].Shape.ToArray());
        for (int x = 1; x < 11; x++)
            Assert.Equal((x - 0.5f) / 2, harness.Top[0].Data[(5 * 12) + x], 1e-5f);
    }

    [Fact]
    public void Reshape_FollowsTheBottom()
    {
        using LayerHarness harness = Harness("num_output: 3 kernel_size: 3 stride: 2", Input(2, 2, 5, 4));
        harness.Bottom[0].Reshape(1, 2, 3, 7);
        harness.Forward();
        Assert.Equal([1, 3, 7, 15], harness.Top[0].Shape.ToArray());
        harness.Bottom[0].Reshape(1, 3, 3, 7);
        CaffeException failure = Assert.Throws<CaffeException>(() => harness.Forward());
        Assert.Contains("channels", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void BadParameters_AreNamed()
    {
        Fails(ErrorCodes.BadLayerParameter, "num_output is 0", "kernel_size: 3");
        Fails(ErrorCodes.BadLayerParameter, "'kernel_size' is given 0 times", "num_output: 2");
        Fails(ErrorCodes.BadLayerParameter, "'stride_h' is given without", "num_output: 2 kernel_size: 3 stride_h: 2");
        Fails(ErrorCodes.BadLayerParameter, "group is 2", "num_output: 2 kernel_size: 3 group: 2");
        Fails(ErrorCodes.BadLayerParameter, "group is 3", "num_output: 2 kernel_size: 3 group: 3");
        Fails(ErrorCodes.ShapeMismatch, "length -1", "num_output: 2 kernel_size: 3 pad: 4");
        Fails(ErrorCodes.ShapeMismatch, "too large for the input", "num_output: 2 kernel_size: 3 stride: 2000000000");
        Fails(ErrorCodes.ShapeMismatch, "more than 2^31 - 1", "num_output: 2 kernel_size: 1 stride: 60000");

        static void Fails(string code, string named, string set) =>
            LayerAssert.SetUpFails(code, Parameter(set), [Input(1, 3, 5, 6)], 1, named);
    }

    [Theory]
    [InlineData("num_output: 6 kernel_size: 4 stride: 2 pad: 1 weight_filler { type: \"xavier\" }")]
    [InlineData("num_output: 24 kernel_size: 3 pad: 1 weight_filler { type: \"xavier\" }")]
    public void Threads_DoNotMatter(string set) =>
        LayerAssert.ThreadsDoNotMatter(Parameter(set), () => [Input(3, 20, 17, 19)]);

    [Fact]
    public void Passes_AllocateNothing() => SteadyState.AllocatesNothing(
        Parameter("num_output: 6 kernel_size: 4 stride: 2 pad: 1"), [Input(3, 20, 17, 19)]);

    private static int Groups(string set) =>
        set.Contains("group: 2", StringComparison.Ordinal) ? 2
            : set.Contains("group: 3", StringComparison.Ordinal) ? 3 : 1;

    [Fact]
    public void Algorithms_AreThoseOfTheKernelsPassesInTheirRoles()
    {
        using LayerHarness harness = Harness("num_output: 4 kernel_size: 2 stride: 3", Input(2, 16, 3, 20));
        using var device = new CpuDevice(1);
        var kernel = new ConvolutionKernel(
            new ConvolutionGeometry(1, 4, 16, new SpatialAxis(8, 2, 3, 0, 1), new SpatialAxis(59, 2, 3, 0, 1)));
        string Of(ConvolutionPass pass) => kernel.Algorithm(device, pass);
        Assert.NotEqual(Of(ConvolutionPass.Forward), Of(ConvolutionPass.DataGradient));
        Assert.Equal(
            [Of(ConvolutionPass.DataGradient), Of(ConvolutionPass.Forward), Of(ConvolutionPass.WeightGradient)],
            harness.Layer.Algorithms);
    }
}
