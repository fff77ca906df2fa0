using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Cpu.Convolution;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Tests.Backends.Cpu.Convolution;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Convolution;

public sealed class ConvolutionLayerTests
{
    private static LayerParameter Parameter(uint outputs, Action<ConvolutionParameter>? more = null)
    {
        var convolution = new ConvolutionParameter { NumOutput = outputs };
        more?.Invoke(convolution);
        return new LayerParameter { Type = "Convolution", ConvolutionParam = convolution };
    }

    // Weights of a fixed random sequence, whatever fillers there are.
    private static LayerHarness Harness(LayerParameter parameter, params Blob[] bottom)
    {
        var harness = new LayerHarness(parameter, bottom, bottom.Length);
        foreach (Blob blob in harness.Layer.Blobs)
            LayerHarness.FillRandom(blob.MutableData, blob.AxisCount);
        return harness;
    }

    private static Blob Input(params ReadOnlySpan<int> shape) => LayerHarness.RandomBlob(1, shape);

    public static TheoryData<string> Variants => [.. Variant.All.Keys];

    [Theory]
    [MemberData(nameof(Variants))]
    public void ForwardAndBackward_AgreeWithTheDefinition(string name)
    {
        Variant one = Variant.All[name];
        using LayerHarness harness = Harness(Parameter(one.Outputs, one.Set), Input(one.Bottom));
        harness.Forward();
        Assert.Equal(one.Top, harness.Top[0].Shape.ToArray());
        Blob dy = LayerHarness.RandomBlob(2, one.Top);
        dy.Data.CopyTo(harness.Top[0].MutableDiff);
        foreach (Blob blob in harness.Layer.Blobs)
            blob.MutableDiff.Fill(0.25f);
        harness.Backward();

        bool bias = harness.Layer.Blobs.Count > 1;
        float[] start = bias ? harness.Layer.Blobs[1].Data.ToArray() : new float[one.Outputs];
        var reference = new ConvolutionReference(
            one.Groups, one.Channels, (int)one.Outputs, one.Axes, one.Images, harness.Bottom[0].Data.ToArray(),
            harness.Layer.Blobs[0].Data.ToArray(), start, dy.Data.ToArray());
        reference.Y.AssertClose(harness.Top[0].Data, "outputs");
        reference.Dx.AssertClose(harness.Bottom[0].Diff, "data gradient");
        reference.Dw.AssertClose(harness.Layer.Blobs[0].Diff, "weight gradient", 0.25f);
        if (bias)
            reference.Db.AssertClose(harness.Layer.Blobs[1].Diff, "bias gradient", 0.25f);
        Assert.Equal(
            2L * one.Images * dy.Count / one.Images * harness.Layer.Blobs[0].CountFrom(1),
            harness.Layer.ForwardFlops(harness.Bottom, harness.Top));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("groups and stride")]
    [InlineData("one axis")]
    public void Backward_AgreesWithDifferences(string name)
    {
        Variant one = Variant.All[name];
        using LayerHarness harness = Harness(Parameter(one.Outputs, one.Set), Input(one.Bottom));
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void SeveralBottoms_ShareTheWeights()
    {
        LayerParameter parameter = Parameter(3, c => c.KernelSize.Add(3));
        using LayerHarness harness = Harness(parameter, Input(2, 2, 5, 4), LayerHarness.RandomBlob(7, [2, 2, 5, 4]));
        using LayerHarness second = Harness(parameter, LayerHarness.RandomBlob(7, [2, 2, 5, 4]));
        harness.Forward();
        second.Forward();
        Assert.Equal(second.Top[0].Data.ToArray(), harness.Top[1].Data.ToArray());
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void Backward_LeavesOutWhatIsNotWanted()
    {
        using LayerHarness harness = Harness(Parameter(3, c => c.KernelSize.Add(3)), Input(2, 2, 5, 4));
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(1);
        harness.Bottom[0].MutableDiff.Fill(7);
        harness.Layer.ParamPropagateDown[0] = false;
        harness.Backward(false);
        Assert.All(harness.Bottom[0].Diff.ToArray(), value => Assert.Equal(7, value));
        Assert.All(harness.Layer.Blobs[0].Diff.ToArray(), value => Assert.Equal(0, value));
        Assert.All(harness.Layer.Blobs[1].Diff.ToArray(), value => Assert.Equal(2 * 3 * 2, value));
        harness.Layer.ParamPropagateDown[0] = true;
        harness.Layer.ParamPropagateDown[1] = false;
        harness.Backward(false);
        Assert.All(harness.Layer.Blobs[1].Diff.ToArray(), value => Assert.Equal(2 * 3 * 2, value));
        Assert.DoesNotContain(0, harness.Layer.Blobs[0].Diff.ToArray());
    }

    [Fact]
    public void Algorithms_AreThoseOfTheKernelsPasses()
    {
        using LayerHarness harness = Harness(
            Parameter(16, convolution =>
            {
                convolution.KernelSize.Add(2);
                convolution.Stride.Add(3);
            }), Input(2, 4, 8, 59));
        using var device = new CpuDevice(1);
        var kernel = new ConvolutionKernel(
            new ConvolutionGeometry(1, 4, 16, new SpatialAxis(8, 2, 3, 0, 1), new SpatialAxis(59, 2, 3, 0, 1)));
        string[] expected = [.. Enum.GetValues<ConvolutionPass>().Select(pass => kernel.Algorithm(device, pass))];
        Assert.NotEqual(expected[0], expected[1]);
        Assert.Equal(expected, harness.Layer.Algorithms);
    }

    [Fact]
    public void Reshape_FollowsTheBottom()
    {
        using LayerHarness harness = Harness(Parameter(3, c => c.KernelSize.Add(3)), Input(2, 2, 5, 4));
        harness.Bottom[0].Reshape(1, 2, 7, 9);
        harness.Forward();
        Assert.Equal([1, 3, 5, 7], harness.Top[0].Shape.ToArray());
        harness.Bottom[0].Reshape(0, 2, 7, 9);
        harness.Forward();
        Assert.Equal([0, 3, 5, 7], harness.Top[0].Shape.ToArray());
        harness.Bottom[0].Reshape(1, 3, 7, 9);
        Fails(ErrorCodes.ShapeMismatch, "channels", () => harness.Forward());
        harness.Bottom[0].Reshape(2, 7, 9);
        Fails(ErrorCodes.ShapeMismatch, "axes", () => harness.Forward());
    }

    [Fact]
    public void StoredBlobs_AreTakenOrRefused()
    {
        LayerParameter parameter = Parameter(2, c => c.KernelSize.Add(1));
        parameter.Blobs.Add(Stored([2, 1, 1, 1], 3, 4));
        Fails(ErrorCodes.BlobCount, "1 stored", () => new LayerHarness(parameter, [Input(1, 1, 2, 2)]));
        parameter.Blobs.Add(Stored([2], 5, 6));
        using (var harness = new LayerHarness(parameter, [LayerHarness.BlobOf([1, 1, 1, 1], 10)]))
        {
            harness.Forward();
            Assert.Equal([35, 46], harness.Top[0].Data.ToArray());
        }

        parameter.Blobs[0] = Stored([3, 1, 1, 1], 3, 4, 5);
        Fails(ErrorCodes.ShapeMismatch, "3 1 1 1", () => new LayerHarness(parameter, [Input(1, 1, 2, 2)]));
    }

    [Fact]
    public void InPlace_IsRefused() => LayerAssert.InPlaceIsRefused(
        new LayerParameter
        {
            Type = "Convolution",
            ConvolutionParam = new ConvolutionParameter { NumOutput = 2, KernelSize = { 1 } },
        },
        LayerHarness.RandomBlob(1, [1, 2, 3, 3]));

    [Fact]
    public void BadParameters_AreNamed()
    {
        Fails("num_output is 0", Parameter(0, c => c.KernelSize.Add(3)));
        Fails("'kernel_size' is given 0 times", Parameter(2));
        Fails("'kernel_size' is given 3 times", Parameter(2, c => c.KernelSize.Add([3, 3, 3])));
        Fails("the kernel has the length 0", Parameter(2, c => c.KernelSize.Add([3, 0])));
        Fails("'kernel_h' is given without 'kernel_w'", Parameter(2, c => c.KernelH = 3));
        Fails("exclude each other", Parameter(2, c => (c.KernelH, c.KernelW) = Both(3, 3, () => c.KernelSize.Add(3))));
        Fails("'stride_w' is given without 'stride_h'", Parameter(2, c => c.StrideW = Add(c, 2)));
        Fails("the stride is 0", Parameter(2, c => c.Stride.Add(Add(c, 0))));
        Fails("'dilation' is given 3 times", Parameter(2, c => c.Dilation.Add([Add(c, 1), 1, 1])));
        Fails("too large", Parameter(2, c => c.Pad.Add(Add(c, 4000000000))));
        Fails("too large", Parameter(2, c => c.Dilation.Add(Add(c, 2000000000))));
        Fails(ErrorCodes.ShapeMismatch, "more than 2^31 - 1", () => new LayerHarness(
            Parameter(2, c => c.Pad.Add(Add(c, 100000))), [Input(1, 3, 5, 6)]));
        Fails("group is 2", Parameter(2, c => c.Group = Add(c, 2)));
        Fails("group is 0", Parameter(2, c => c.Group = Add(c, 0)));
        Fails("group is 3", Parameter(2, c => c.Group = Add(c, 3)));
        Fails("for two spatial axes", Parameter(2, c => (c.KernelH, c.KernelW) = (3, 3)), 1, 3, 9);
        Fails(ErrorCodes.ShapeMismatch, "length 0", () => new LayerHarness(
            Parameter(2, c => c.KernelSize.Add(6)), [Input(1, 3, 5, 6)]));
        Fails(ErrorCodes.ShapeMismatch, "axis 4", () => new LayerHarness(
            Parameter(2, c => c.Axis = (int)Add(c, 4)), [Input(1, 3, 5, 6)]));
        Fails(ErrorCodes.ShapeMismatch, "one shape", () => new LayerHarness(
            Parameter(2, c => c.KernelSize.Add(3)), [Input(1, 3, 5, 6), Input(1, 3, 5, 7)], tops: 2));
        Fails(ErrorCodes.BlobCount, "one top for each bottom", () => new LayerHarness(
            Parameter(2, c => c.KernelSize.Add(3)), [Input(1, 3, 5, 6)], tops: 2));

        static (uint, uint) Both(uint a, uint b, Action also)
        {
            also();
            return (a, b);
        }

        static uint Add(ConvolutionParameter c, uint value)
        {
            c.KernelSize.Add(3);
            return value;
        }
    }

    private static BlobProto Stored(int[] shape, params float[] values)
    {
        var proto = new BlobProto { Shape = new BlobShape() };
        proto.Shape.Dim.Add(shape.Select(length => (long)length));
        proto.Data.Add(values);
        return proto;
    }

    private static void Fails(string text, LayerParameter parameter, params int[] shape) =>
        Fails(ErrorCodes.BadLayerParameter, text, () =>
            new LayerHarness(parameter, [Input(shape.Length > 0 ? shape : [1, 3, 5, 6])]));

    private static void Fails(string code, string text, Action action)
    {
        CaffeException failure = Assert.Throws<CaffeException>(action);
        Assert.Equal(code, failure.Code);
        Assert.Contains(text, failure.Message, StringComparison.Ordinal);
    }

    private sealed record Variant(
        int[] Bottom, int Images, int Groups, int Channels, uint Outputs, SpatialAxis[] Axes, int[] Top,
        Action<ConvolutionParameter> Set)
    {
        private const ConvolutionParameter.Types.Engine Cudnn = ConvolutionParameter.Types.Engine.Cudnn;

        public static IReadOnlyDictionary<string, Variant> All { get; } = new Dictionary<string, Variant>
        {
            ["plain"] = new([2, 3, 6, 5], 2, 1, 3, 4, [new(6, 3, 1, 0, 1), new(5, 3, 1, 0, 1)], [2, 4, 4, 3],
                c => c.KernelSize.Add(3)),
            ["no bias"] = new([2, 3, 6, 5], 2, 1, 3, 4, [new(6, 3, 1, 0, 1), new(5, 3, 1, 0, 1)], [2, 4, 4, 3],
                c => (c.BiasTerm, _) = (false, Kernel(c, 3))),
            ["groups and stride"] = new(
                [2, 4, 7, 6], 2, 2, 4, 6, [new(7, 3, 2, 1, 1), new(6, 3, 2, 1, 1)], [2, 6, 4, 3],
                c => (c.Group, _, _, _) = (2, Kernel(c, 3), Stride(c, 2), Pad(c, 1))),
            ["sides of their own"] = new(
                [1, 2, 9, 8], 1, 1, 2, 3, [new(9, 2, 3, 1, 1), new(8, 4, 2, 2, 1)], [1, 3, 4, 5],
                c => (c.KernelH, c.KernelW, c.StrideH, c.StrideW, c.PadH, c.PadW) = (2, 4, 3, 2, 1, 2)),
            ["pad of one side"] = new([1, 2, 5, 5], 1, 1, 2, 3, [new(5, 3, 1, 2, 1), new(5, 3, 1, 0, 1)], [1, 3, 7, 3],
                c => (c.PadH, _) = (2, Kernel(c, 3))),
            ["dilated, by lists"] = new(
                [1, 2, 9, 12], 1, 1, 2, 3, [new(9, 3, 1, 2, 2), new(12, 2, 2, 1, 3)], [1, 3, 9, 6],
                c => (_, _, _, _) = (Kernel(c, 3, 2), Stride(c, 1, 2), Pad(c, 2, 1), Dilation(c, 2, 3))),
            ["overhanging kernel"] = new(
                [1, 2, 2, 2], 1, 1, 2, 3, [new(2, 3, 2, 0, 1), new(2, 3, 2, 0, 1)], [1, 3, 1, 1],
                c => (_, _) = (Kernel(c, 3), Stride(c, 2))),
            ["one axis"] = new([2, 3, 11], 2, 1, 3, 4, [new(11, 3, 2, 1, 1)], [2, 4, 6],
                c => (_, _, _) = (Kernel(c, 3), Stride(c, 2), Pad(c, 1))),
            ["no axis"] = new([3, 5], 3, 1, 5, 4, [], [3, 4], c => Kernel(c, 3)),
            ["three axes"] = new(
                [2, 2, 4, 5, 6], 2, 1, 2, 3,
                [new(4, 3, 1, 1, 1), new(5, 3, 1, 1, 1), new(6, 3, 1, 1, 1)], [2, 3, 4, 5, 6],
                c => (_, _) = (Kernel(c, 3), Pad(c, 1))),
            ["channels further back"] = new(
                [2, 2, 3, 4, 5], 4, 1, 3, 2, [new(4, 2, 1, 0, 1), new(5, 2, 1, 0, 1)], [2, 2, 2, 3, 4],
                c => (c.Axis, _) = (2, Kernel(c, 2))),
            ["channels counted from the end"] = new(
                [2, 3, 4, 5], 2, 1, 3, 2, [new(4, 2, 1, 0, 1), new(5, 2, 1, 0, 1)], [2, 2, 3, 4],
                c => (c.Axis, c.ForceNdIm2Col, c.Engine, _) = (-3, true, Cudnn, Kernel(c, 2))),
        };

        private static int Kernel(ConvolutionParameter c, params uint[] values) => Add(c.KernelSize, values);

        private static int Stride(ConvolutionParameter c, params uint[] values) => Add(c.Stride, values);

        private static int Pad(ConvolutionParameter c, params uint[] values) => Add(c.Pad, values);

        private static int Dilation(ConvolutionParameter c, params uint[] values) => Add(c.Dilation, values);

        private static int Add(Google.Protobuf.Collections.RepeatedField<uint> field, uint[] values)
        {
            field.Add(values);
            return values.Length;
        }
    }
}
