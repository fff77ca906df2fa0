using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Cpu.Convolution;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Tests.Backends.Cpu.Gemm;
using CsCheck;
using static CaffeActors.Compute.Tests.Backends.Cpu.Convolution.ConvolutionData;

namespace CaffeActors.Compute.Tests.Backends.Cpu.Convolution;

public sealed unsafe class ConvolutionKernelTests
{
    private static readonly Gen<SpatialAxis> _axis =
        from input in Gen.Int[1, 19]
        from kernel in Gen.Frequency((1, Gen.Const(1)), (4, Gen.Int[2, 5]))
        from stride in Gen.Frequency((3, Gen.Const(1)), (2, Gen.Int[2, 4]))
        from pad in Gen.Frequency((2, Gen.Const(0)), (2, Gen.Int[1, 3]))
        from dilation in Gen.Frequency((4, Gen.Const(1)), (1, Gen.Int[0, 3]))
        select new SpatialAxis(input, kernel, stride, pad, dilation);

    private static readonly Gen<SpatialAxis> _shortAxis =
        _axis.Select(axis => axis with { Input = Math.Min(axis.Input, 7) });

    private static readonly Gen<ConvolutionCase> _cases =
        from axes in Gen.Frequency((1, _axis.Array[0, 1]), (6, _axis.Array[2]), (1, _shortAxis.Array[3]))
        from groups in Gen.Frequency((3, Gen.Const(1)), (1, Gen.Int[2, 3]))
        from inputs in Gen.Int[1, 9]
        from outputs in Gen.Frequency((3, Gen.Int[1, 9]), (1, Gen.Int[10, 40]))
        from images in Gen.Int[1, 5]
        where axes.All(axis => axis.Output >= 1)
        select new ConvolutionCase(groups, groups * inputs, groups * outputs, axes, images);

    public static TheoryData<string> Families => [.. KernelFamilies.Names];

    [Theory]
    [MemberData(nameof(Families))]
    public void AllPasses_AgreeWithTheDefinitionAtAnyNumberOfThreads(string family) =>
        WithDevices(family, devices => _cases.Sample(one => Check(one, devices), iter: 120, threads: 1));

    public static TheoryData<string, string> Shapes
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string name in Named.Keys)
            {
                foreach (string family in KernelFamilies.Names)
                    data.Add(name, family);
            }

            return data;
        }
    }

    private static Dictionary<string, ConvolutionCase> Named => new()
    {
        ["first layer, stride 4"] = new(1, 3, 20, Square(63, 11, 4, 0), 3),
        ["groups, pad 2"] = new(2, 16, 44, Square(27, 5, 1, 2), 2),
        ["small maps, joined"] = new(1, 40, 36, Square(7, 3, 1, 1), 13),
        ["small maps, stride 2"] = new(1, 20, 24, Square(9, 3, 2, 1), 9),
        ["pointwise"] = new(1, 70, 33, Square(14, 1, 1, 0), 5),
        ["pointwise, stride 2"] = new(1, 30, 33, Square(15, 1, 2, 0), 3),
        ["long rows"] = new(1, 3, 5, [new(1400, 3, 1, 1, 1)], 2),
        ["deep sums"] = new(1, 130, 30, Square(6, 3, 1, 0), 1),
        ["transposing 4x4, stride 4"] = new(1, 5, 18, Square(32, 8, 4, 2), 2),
        ["depthwise"] = new(24, 24, 24, Square(14, 3, 1, 1), 2),
        ["depthwise, stride 2"] = new(6, 6, 6, Square(37, 3, 2, 1), 3),
        ["depthwise, stride 2, even"] = new(5, 5, 5, Square(70, 3, 2, 1), 2),
        ["depthwise, stride 3"] = new(3, 3, 3, [new(11, 2, 3, 0, 1), new(40, 5, 3, 2, 1)], 2),
        ["depthwise, two outputs"] = new(5, 5, 10, [new(9, 5, 1, 2, 1), new(20, 4, 2, 1, 1)], 3),
        ["depthwise, dilated"] = new(4, 4, 4, [new(9, 3, 1, 2, 2), new(20, 3, 2, 4, 3)], 2),
        ["depthwise, no pad"] = new(4, 4, 12, Square(6, 3, 1, 0), 2),
        ["depthwise, stride above kernel"] = new(4, 4, 4, Square(9, 1, 2, 0), 2),
        ["depthwise, pointwise"] = new(7, 7, 7, Square(6, 1, 1, 0), 2),
        ["depthwise, one axis"] = new(7, 7, 7, [new(50, 5, 2, 2, 1)], 2),
        ["depthwise, one column"] = new(7, 7, 7, [new(9, 3, 2, 1, 1), new(1, 3, 2, 1, 1)], 2),
        ["depthwise, wide pad"] = new(3, 3, 3, Square(5, 3, 1, 4), 2),
        ["depthwise, many outputs"] = new(3, 3, 27, Square(9, 3, 1, 1), 2),
        ["one channel"] = new(1, 1, 20, Square(28, 5, 1, 0), 18),
        ["dilated"] = new(1, 8, 18, [new(21, 3, 1, 4, 4), new(20, 3, 1, 2, 2)], 2),
        ["three axes"] = new(1, 4, 18, [new(6, 3, 1, 1, 1), new(9, 3, 2, 1, 1), new(10, 3, 1, 1, 1)], 2),
        ["three axes, strided"] = new(2, 4, 6, [new(7, 3, 2, 1, 1), new(9, 2, 2, 0, 1), new(10, 3, 3, 1, 1)], 3),
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void AllPasses_AgreeWithTheDefinitionOn(string name, string family) =>
        WithDevices(family, devices => Check(Named[name], devices));

    // Bands: an image too large to be padded whole. Compared between thread counts, and with its upper part alone.
    [Fact]
    public void Forward_OfALargeImageEqualsThatOfItsParts()
    {
        SpatialAxis[] whole = [new(300, 3, 1, 1, 1), new(700, 3, 1, 1, 1)];
        SpatialAxis[] upper = [whole[0] with { Input = 60 }, whole[1]];
        var large = new ConvolutionKernel(new ConvolutionGeometry(1, 6, 2, whole));
        var small = new ConvolutionKernel(new ConvolutionGeometry(1, 6, 2, upper));
        using var x = Values(1, 6 * 300 * 700);
        using var w = Values(2, 2 * 6 * 9);
        using var part = new Blob(6, 60, 700);
        for (int c = 0; c < 6; c++)
            x.Data.Slice(c * 300 * 700, 60 * 700).CopyTo(part.MutableData[(c * 60 * 700)..]);
        using var y = new Blob(2, 300, 700);
        using var yPart = new Blob(2, 60, 700);
        using var one = new CpuDevice(1);
        using var three = new CpuDevice(3);
        large.Forward(one, 1, x.CpuData, w.CpuData, null, y.MutableCpuData);
        small.Forward(three, 1, part.CpuData, w.CpuData, null, yPart.MutableCpuData);
        for (int o = 0; o < 2; o++)
        {
            ReadOnlySpan<float> top = y.Data.Slice(o * 300 * 700, 59 * 700);
            AssertSameBits(top, yPart.Data.Slice(o * 60 * 700, 59 * 700), "upper part");
        }

        using var gradient = new Blob(w.Shape);
        using var again = new Blob(w.Shape);
        large.BackwardWeights(one, 1, x.CpuData, y.CpuData, gradient.MutableCpuData);
        large.BackwardWeights(three, 1, x.CpuData, y.CpuData, again.MutableCpuData);
        AssertSameBits(gradient.Data, again.Data, "weights");
    }

    [Fact]
    public void BackwardData_OfALargeImageEqualsThatOfItsParts()
    {
        const int Channels = 8, Row = 699;
        SpatialAxis[] whole = [new(300, 3, 1, 1, 1), new(700, 2, 1, 0, 1)];
        SpatialAxis[] upper = [whole[0] with { Input = 60 }, whole[1]];
        var large = new ConvolutionKernel(new ConvolutionGeometry(1, Channels, Channels, whole));
        var small = new ConvolutionKernel(new ConvolutionGeometry(1, Channels, Channels, upper));
        using var dy = Values(1, Channels * 300 * Row);
        using var w = Values(2, Channels * Channels * 6);
        using var part = new Blob(Channels, 60, Row);
        for (int c = 0; c < Channels; c++)
            dy.Data.Slice(c * 300 * Row, 60 * Row).CopyTo(part.MutableData[(c * 60 * Row)..]);
        using var dx = new Blob(Channels, 300, 700);
        using var dxPart = new Blob(Channels, 60, 700);
        using var one = new CpuDevice(1);
        using var three = new CpuDevice(3);
        large.BackwardData(three, 1, w.CpuData, dy.CpuData, dx.MutableCpuData);
        small.BackwardData(one, 1, w.CpuData, part.CpuData, dxPart.MutableCpuData);
        for (int c = 0; c < Channels; c++)
        {
            ReadOnlySpan<float> top = dx.Data.Slice(c * 300 * 700, 59 * 700);
            AssertSameBits(top, dxPart.Data.Slice(c * 60 * 700, 59 * 700), "upper part");
        }
    }

    // With pads, an image of no pixels has outputs all the same.
    [Theory]
    [InlineData(8, 0)]
    [InlineData(0, 8)]
    public void EmptyImages_GiveTheBiasAndNoGradient(int height, int width)
    {
        var geometry = new ConvolutionGeometry(1, 64, 64, new(height, 3, 1, 2, 1), new(width, 3, 1, 2, 1));
        var kernel = new ConvolutionKernel(geometry);
        using var device = new CpuDevice(2);
        using var nothing = new Blob(1);
        using var w = Values(1, 64 * 64 * 9);
        using var bias = Values(2, 64);
        using var y = Values(3, 64 * geometry.OutputPlane);
        using var dw = Values(4, 64 * 64 * 9);
        kernel.BackwardData(device, 1, w.CpuData, y.CpuData, nothing.MutableCpuData);
        kernel.BackwardWeights(device, 1, nothing.CpuData, y.CpuData, dw.MutableCpuData, add: false);
        Assert.All(dw.Data.ToArray(), value => Assert.Equal(0, value));
        kernel.Forward(device, 1, nothing.CpuData, w.CpuData, bias.CpuData, y.MutableCpuData);
        for (int i = 0; i < y.Count; i++)
            Assert.Equal(bias.Data[i / geometry.OutputPlane], y.Data[i]);
    }

    [Fact]
    public void ImagesThatAreTooLargeWithTheirPads_AreRefused()
    {
        var geometry = new ConvolutionGeometry(1, 3, 2, new(5, 3, 1, 30000, 30000), new(6, 3, 1, 30000, 30000));
        var kernel = new ConvolutionKernel(geometry);
        using var device = new CpuDevice(1);
        using var x = Values(1, 3 * 5 * 6);
        using var w = Values(2, 2 * 3 * 9);
        using var y = new Blob(2 * geometry.OutputPlane);
        CaffeException refused = Assert.Throws<CaffeException>(
            () => kernel.Forward(device, 1, x.CpuData, w.CpuData, null, y.MutableCpuData));
        Assert.Equal((ErrorCodes.ShapeMismatch, FailureKind.Configuration), (refused.Code, refused.Kind));
        Assert.Contains("2^31 positions", refused.Message, StringComparison.Ordinal);
    }

    // The two ways sum in other orders; they must agree but for rounding.
    [Theory]
    [InlineData(56, 1)]
    [InlineData(57, 2)]
    public void Depthwise_AgreesWithTheImplicitProduct(int side, int stride)
    {
        const int Channels = 32, Images = 3;
        using var device = new CpuDevice(2);
        var geometry = new ConvolutionGeometry(Channels, Channels, Channels, Square(side, 3, stride, 1));
        using var x = Values(1, Images * Channels * geometry.InputPlane);
        using var w = Values(2, Channels * 9);
        using var dy = Values(3, Images * Channels * geometry.OutputPlane);
        float[][] results = [.. ((bool[])[true, false]).SelectMany(isAllowed =>
        {
            var kernel = new ConvolutionKernel(geometry) { IsDepthwiseAllowed = isAllowed };
            using Blob y = new(dy.Shape), dx = new(x.Shape), dw = new(w.Shape);
            kernel.Forward(device, Images, x.CpuData, w.CpuData, w.CpuData, y.MutableCpuData);
            kernel.BackwardData(device, Images, w.CpuData, dy.CpuData, dx.MutableCpuData);
            kernel.BackwardWeights(device, Images, x.CpuData, dy.CpuData, dw.MutableCpuData);
            return (float[][])[y.Data.ToArray(), dx.Data.ToArray(), dw.Data.ToArray()];
        })];
        for (int i = 0; i < 3; i++)
        {
            double limit = 1e-5 * results[i].Max(Math.Abs);
            for (int k = 0; k < results[i].Length; k++)
                Assert.Equal(results[i + 3][k], results[i][k], limit);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Passes_AllocateNothingInSteadyState(int groups)
    {
        using var device = new CpuDevice(2);
        int outputs = groups == 1 ? 8 : 6;
        var kernel = new ConvolutionKernel(new ConvolutionGeometry(groups, 3, outputs, Square(20, 3, 2, 1)));
        using var x = Values(1, 4 * 3 * 400);
        using var w = Values(2, 8 * 27);
        using var y = new Blob(4 * 8 * 100);
        using var dx = new Blob(x.Shape);
        using var dw = new Blob(w.Shape);
        using var db = new Blob(8);
        long before = 0;
        for (int round = 0; round < 3; round++)
        {
            before = round < 2 ? GC.GetAllocatedBytesForCurrentThread() : before;
            kernel.Forward(device, 4, x.CpuData, w.CpuData, null, y.MutableCpuData);
            kernel.BackwardData(device, 4, w.CpuData, y.CpuData, dx.MutableCpuData);
            kernel.BackwardWeights(device, 4, x.CpuData, y.CpuData, dw.MutableCpuData);
            ConvolutionKernel.BackwardBias(device, 4, outputs, 100, y.CpuData, db.MutableCpuData);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData(1, 20, 5, 2)]
    [InlineData(1, 64, 3, 1)]
    [InlineData(8, 8, 3, 1)]
    public void WithoutImages_GradientsOfWeightsAreZeroOrStay(int groups, int channels, int kernel, int stride)
    {
        using var device = new CpuDevice(2);
        var convolution = new ConvolutionKernel(
            new ConvolutionGeometry(groups, channels, channels, Square(14, kernel, stride, 1)));
        using Blob dw = Values(1, channels * convolution.Geometry.Depth), none = Values(2, 1);
        float[] before = dw.Data.ToArray();
        convolution.BackwardWeights(device, 0, none.CpuData, none.CpuData, dw.MutableCpuData);
        Assert.Equal(before, dw.Data.ToArray());
        convolution.BackwardWeights(device, 0, none.CpuData, none.CpuData, dw.MutableCpuData, add: false);
        Assert.All(dw.Data.ToArray(), value => Assert.Equal(0, value));
    }

    private static SpatialAxis[] Square(int input, int kernel, int stride, int pad) =>
        [new(input, kernel, stride, pad, 1), new(input, kernel, stride, pad, 1)];

    private static void Check(ConvolutionCase one, CpuDevice[] devices)
    {
        var geometry = new ConvolutionGeometry(one.Groups, one.Inputs, one.Outputs, one.Axes);
        using var x = Values(1, one.Images * one.Inputs * geometry.InputPlane);
        using var w = Values(2, one.Outputs * geometry.Depth);
        using var bias = Values(3, one.Outputs);
        using var dy = Values(4, one.Images * one.Outputs * geometry.OutputPlane);
        var reference = new ConvolutionReference(
            one.Groups, one.Inputs, one.Outputs, one.Axes, one.Images,
            x.Data.ToArray(), w.Data.ToArray(), bias.Data.ToArray(), dy.Data.ToArray());
        float[][]? first = null;
        foreach (CpuDevice device in devices)
        {
            // Outputs and data gradients are overwritten, the others added to; nothing past their ends is touched.
            using Blob y = Guarded(dy.Count, float.NaN), dx = Guarded(x.Count, float.NaN);
            using Blob dw = Guarded(w.Count, 0.5f), db = Guarded(bias.Count, 0.5f);
            var kernel = new ConvolutionKernel(geometry);
            kernel.Forward(device, one.Images, x.CpuData, w.CpuData, bias.CpuData, y.MutableCpuData);
            kernel.BackwardData(device, one.Images, w.CpuData, dy.CpuData, dx.MutableCpuData);
            kernel.BackwardWeights(device, one.Images, x.CpuData, dy.CpuData, dw.MutableCpuData);
            ConvolutionKernel.BackwardBias(
                device, one.Images, one.Outputs, geometry.OutputPlane, dy.CpuData, db.MutableCpuData);
            float[][] results = [Values(y), Values(dx), Values(dw), Values(db)];
            CheckRectified(one, kernel, device, (x, w, bias, dy), results);
            if (first is null)
            {
                reference.Y.AssertClose(results[0], $"{one}: outputs");
                reference.Dx.AssertClose(results[1], $"{one}: data gradient");
                reference.Dw.AssertClose(results[2], $"{one}: weight gradient", 0.5f);
                reference.Db.AssertClose(results[3], $"{one}: bias gradient", 0.5f);
                using var start = new Blob(one.Inputs);
                start.MutableData.Fill(0.75f);
                kernel.BackwardData(device, one.Images, w.CpuData, dy.CpuData, dx.MutableCpuData, start.CpuData);
                reference.Dx.AssertClose(Values(dx), $"{one}: transposed convolution", 0.75f);
            }

            first ??= results;
            for (int i = 0; i < results.Length; i++)
                AssertSameBits(first[i], results[i], $"{one}, {device.Threads} threads, result {i}");
        }
    }

    // What a layer of its own would make of the outputs and of their gradient.
    private static void CheckRectified(
        ConvolutionCase one, ConvolutionKernel kernel, CpuDevice device, (Blob X, Blob W, Blob Bias, Blob Dy) from,
        float[][] plain)
    {
        const float Slope = 0.25f;
        using Blob y = Guarded(from.Dy.Count, float.NaN), dy = Guarded(from.Dy.Count, 0);
        using Blob db = Guarded(from.Bias.Count, 0.5f), masked = new(from.Dy.Shape);
        from.Dy.Data.CopyTo(dy.MutableData);
        kernel.Forward(
            device, one.Images, from.X.CpuData, from.W.CpuData, from.Bias.CpuData, y.MutableCpuData, Slope);
        float[] outputs = [.. plain[0].Select(value => (Slope * MathF.Min(value, 0)) + MathF.Max(value, 0))];
        AssertSameBits(outputs, Values(y), $"{one}, {device.Threads} threads: rectified outputs");
        ConvolutionKernel.BackwardRectified(
            device, one.Images, one.Outputs, kernel.Geometry.OutputPlane, y.CpuData, Slope, dy.MutableCpuData,
            db.MutableCpuData);
        for (int i = 0; i < masked.Count; i++)
            masked.MutableData[i] = (outputs[i] > 0 ? 1 : Slope) * from.Dy.Data[i];
        AssertSameBits(masked.Data, Values(dy), $"{one}: masked gradient");
        using Blob sums = Guarded(from.Bias.Count, 0.5f);
        ConvolutionKernel.BackwardBias(
            device, one.Images, one.Outputs, kernel.Geometry.OutputPlane, masked.CpuData, sums.MutableCpuData);
        AssertSameBits(Values(sums), Values(db), $"{one}: gradient of the bias");
    }
}
