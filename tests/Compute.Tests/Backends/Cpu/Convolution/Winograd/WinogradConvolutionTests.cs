using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Cpu.Convolution;
using CaffeActors.Compute.Backends.Cpu.Convolution.Winograd;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Tests.Backends.Cpu.Gemm;
using CsCheck;
using static CaffeActors.Compute.Tests.Backends.Cpu.Convolution.ConvolutionData;

namespace CaffeActors.Compute.Tests.Backends.Cpu.Convolution.Winograd;

public sealed unsafe class WinogradConvolutionTests
{
    // A tenth of what layers may differ from Caffe's.
    private const double Share = 2e-5;

    private static readonly Gen<ConvolutionCase> _cases =
        from kernel in Gen.Frequency((1, Gen.Const(3)), (1, Gen.Const(5)))
        from padY in Gen.Int[0, kernel - 1]
        from padX in Gen.Int[0, kernel - 1]
        from height in Gen.Int[1, 17]
        from width in Gen.Int[1, 37]
        from groups in Gen.Frequency((3, Gen.Const(1)), (1, Gen.Int[2, 3]))
        from inputs in Gen.Frequency((1, Gen.Int[1, 9]), (1, Gen.Int[10, 40]))
        from outputs in Gen.Frequency((1, Gen.Int[1, 9]), (1, Gen.Int[10, 70]))
        from images in Gen.Int[1, 5]
        where height + (2 * padY) >= kernel && width + (2 * padX) >= kernel
        select new ConvolutionCase(
            groups, groups * inputs, groups * outputs,
            [new(height, kernel, 1, padY, 1), new(width, kernel, 1, padX, 1)], images);

    public static TheoryData<string> Families => [.. KernelFamilies.Names];

    [Theory]
    [MemberData(nameof(Families))]
    public void AllPasses_AgreeWithTheDefinitionAtAnyNumberOfThreads(string family) =>
        WithDevices(family, devices => _cases.Sample(one => Check(one, devices), iter: 60, threads: 1));

    // Many tiles: blocks go through all steps by themselves; images of several blocks, and blocks of several images.
    [Theory]
    [InlineData(3, 90, 40, 12, 34, 2, "avx512")]
    [InlineData(3, 13, 13, 20, 40, 40, "avx512")]
    [InlineData(5, 27, 27, 17, 33, 4, "avx512")]
    [InlineData(3, 90, 40, 12, 34, 2, "avx2")]
    [InlineData(5, 27, 27, 17, 33, 4, "avx2")]
    public void AllPasses_AgreeWithTheDefinitionOnManyTiles(
        int kernel, int height, int width, int inputs, int outputs, int images, string family) =>
        WithDevices(family, devices => Check(
            new ConvolutionCase(
                1, inputs, outputs,
                [new(height, kernel, 1, kernel / 2, 1), new(width, kernel, 1, kernel / 2, 1)], images), devices));

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void DeepSums_StayWithinAFractionOfTheirSize(int kernel) =>
        WithDevices("avx512", devices => Check(
            new ConvolutionCase(1, 512, 16, [new(7, kernel, 1, kernel / 2, 1), new(7, kernel, 1, kernel / 2, 1)], 1),
            devices[..1]));

    [Theory]
    [InlineData(0f)]
    [InlineData(0.1f)]
    public void Forward_RectifiesAsAPassOfItsOwnWould(float slope)
    {
        using var device = new CpuDevice(2);
        var geometry = new ConvolutionGeometry(1, 20, 36, [new(14, 3, 1, 1, 1), new(15, 3, 1, 1, 1)]);
        WinogradConvolution convolution = WinogradConvolution.Of(geometry)!;
        using Blob x = Values(1, 3 * 20 * geometry.InputPlane), w = Values(2, 36 * geometry.Depth);
        using Blob bias = Values(3, 36), plain = new(3, 36, geometry.OutputPlane), rectified = new(plain.Shape);
        convolution.Forward(device, 3, x.CpuData, w.CpuData, bias.CpuData, null, plain.MutableCpuData);
        convolution.Forward(device, 3, x.CpuData, w.CpuData, bias.CpuData, slope, rectified.MutableCpuData);
        float[] expected = [.. plain.Data.ToArray().Select(y => y > 0 ? y : slope * y)];
        Assert.Contains(expected, y => y > 0);
        Assert.Equal(expected, rectified.Data.ToArray());
    }

    [Fact]
    public void BackwardWeights_SetsOrAdds()
    {
        using var device = new CpuDevice(2);
        var geometry = new ConvolutionGeometry(2, 40, 36, [new(9, 3, 1, 1, 1), new(9, 3, 1, 1, 1)]);
        WinogradConvolution convolution = WinogradConvolution.Of(geometry)!;
        using Blob x = Values(1, 2 * 40 * geometry.InputPlane), dy = Values(2, 2 * 36 * geometry.OutputPlane);
        using Blob set = Guarded(36 * geometry.Depth, float.NaN), added = Guarded(36 * geometry.Depth, 0.5f);
        convolution.BackwardWeights(device, 2, x.CpuData, dy.CpuData, set.MutableCpuData, add: false);
        convolution.BackwardWeights(device, 2, x.CpuData, dy.CpuData, added.MutableCpuData, add: true);
        Assert.Equal(Values(set).Select(value => value + 0.5f), Values(added));
    }

    [Fact]
    public void Passes_AllocateNothingInSteadyState()
    {
        using var device = new CpuDevice(2);
        var geometry = new ConvolutionGeometry(1, 20, 36, [new(14, 3, 1, 1, 1), new(15, 3, 1, 1, 1)]);
        WinogradConvolution convolution = WinogradConvolution.Of(geometry)!;
        using Blob x = Values(1, 3 * 20 * geometry.InputPlane), w = Values(2, 36 * geometry.Depth);
        using Blob y = new(3, 36, geometry.OutputPlane), dx = new(x.Shape), dw = new(w.Shape);
        long before = 0;
        for (int round = 0; round < 3; round++)
        {
            before = round < 2 ? GC.GetAllocatedBytesForCurrentThread() : before;
            convolution.Forward(device, 3, x.CpuData, w.CpuData, null, null, y.MutableCpuData);
            convolution.BackwardData(device, 3, w.CpuData, y.CpuData, null, dx.MutableCpuData);
            convolution.BackwardWeights(device, 3, x.CpuData, y.CpuData, dw.MutableCpuData, add: true);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Of_TakesWhatTheTransformsAreFor()
    {
        Assert.NotNull(WinogradConvolution.Of(Square(64, 3, 1, 1, 1)));
        Assert.NotNull(WinogradConvolution.Of(Square(64, 5, 1, 0, 1)));
        Assert.Null(WinogradConvolution.Of(Square(64, 3, 2, 1, 1)));
        Assert.Null(WinogradConvolution.Of(Square(64, 3, 1, 1, 2)));
        Assert.Null(WinogradConvolution.Of(Square(64, 3, 1, 3, 1)));
        Assert.Null(WinogradConvolution.Of(Square(64, 7, 1, 3, 1)));
        Assert.Null(WinogradConvolution.Of(new ConvolutionGeometry(1, 64, 64, new SpatialAxis(14, 3, 1, 1, 1))));
    }

    [Fact]
    public void IsFaster_WhereChannelsAreManyAndTilesFull()
    {
        foreach (ConvolutionPass pass in Enum.GetValues<ConvolutionPass>())
        {
            Assert.True(WinogradConvolution.IsFaster(Square(256, 3, 1, 1, 1), pass));
            Assert.False(WinogradConvolution.IsFaster(Square(3, 3, 1, 1, 1), pass));
        }
    }

    private static ConvolutionGeometry Square(int channels, int kernel, int stride, int pad, int dilation)
    {
        var axis = new SpatialAxis(28, kernel, stride, pad, dilation);
        return new ConvolutionGeometry(1, channels, channels, axis, axis);
    }

    private static void Check(ConvolutionCase one, CpuDevice[] devices)
    {
        var geometry = new ConvolutionGeometry(one.Groups, one.Inputs, one.Outputs, one.Axes);
        WinogradConvolution convolution = WinogradConvolution.Of(geometry)!;
        using Blob x = Values(1, one.Images * one.Inputs * geometry.InputPlane);
        using Blob w = Values(2, one.Outputs * geometry.Depth), bias = Values(3, one.Outputs);
        using Blob dy = Values(4, one.Images * one.Outputs * geometry.OutputPlane);
        var reference = new ConvolutionReference(
            one.Groups, one.Inputs, one.Outputs, one.Axes, one.Images,
            x.Data.ToArray(), w.Data.ToArray(), bias.Data.ToArray(), dy.Data.ToArray());
        float[][]? first = null;
        foreach (CpuDevice device in devices)
        {
            using Blob y = Guarded(dy.Count, float.NaN), dx = Guarded(x.Count, float.NaN);
            using Blob dw = Guarded(w.Count, float.NaN), start = Guarded(one.Inputs, 0.75f);
            convolution.Forward(device, one.Images, x.CpuData, w.CpuData, bias.CpuData, null, y.MutableCpuData);
            convolution.BackwardData(device, one.Images, w.CpuData, dy.CpuData, start.CpuData, dx.MutableCpuData);
            convolution.BackwardWeights(device, one.Images, x.CpuData, dy.CpuData, dw.MutableCpuData, add: false);
            float[][] results = [Values(y), Values(dx), Values(dw)];
            if (first is null)
            {
                reference.Y.AssertWithin(Share, results[0], $"{one}: outputs");
                reference.Dx.AssertWithin(Share, results[1], $"{one}: data gradient", 0.75f);
                reference.Dw.AssertWithin(Share, results[2], $"{one}: weight gradient");
            }

            first ??= results;
            for (int i = 0; i < results.Length; i++)
                AssertSameBits(first[i], results[i], $"{one}, {device.Threads} threads, result {i}");
        }
    }
}
