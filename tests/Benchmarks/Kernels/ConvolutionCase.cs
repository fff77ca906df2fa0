using CaffeActors.Compute.Backends.Cpu.Convolution;

namespace CaffeActors.Benchmarks.Kernels;

/// <summary>A convolution layer of a known net.</summary>
/// <param name="Name">Its line in the table.</param>
/// <param name="Images">A usual batch.</param>
/// <param name="Geometry">Its sizes.</param>
internal sealed record ConvolutionCase(string Name, int Images, ConvolutionGeometry Geometry) : IWork
{
    /// <summary>All layers.</summary>
    public static IReadOnlyList<ConvolutionCase> All { get; } =
    [
        Square("lenet conv1", 64, 1, 1, 20, 28, 5, 1, 0),
        Square("lenet conv2", 64, 1, 20, 50, 12, 5, 1, 0),
        Square("alexnet conv1", 16, 1, 3, 96, 227, 11, 4, 0),
        Square("alexnet conv2", 16, 2, 96, 256, 27, 5, 1, 2),
        Square("alexnet conv3", 16, 1, 256, 384, 13, 3, 1, 1),
        Square("alexnet conv4", 16, 2, 384, 384, 13, 3, 1, 1),
        Square("alexnet conv5", 16, 2, 384, 256, 13, 3, 1, 1),
        Square("vgg conv1_2", 4, 1, 64, 64, 224, 3, 1, 1),
        Square("vgg conv3_1", 16, 1, 128, 256, 56, 3, 1, 1),
        Square("inception 1x1", 16, 1, 192, 64, 28, 1, 1, 0),
        Square("inception 5x5", 16, 1, 16, 32, 28, 5, 1, 2),
        Square("inception 5b 1x1", 16, 1, 832, 384, 7, 1, 1, 0),
        Square("resnet conv1", 16, 1, 3, 64, 224, 7, 2, 3),
        Square("resnet 2 3x3", 16, 1, 64, 64, 56, 3, 1, 1),
        Square("resnet 3 3x3 stride 2", 16, 1, 128, 128, 56, 3, 2, 1),
        Square("resnet 5 3x3", 16, 1, 512, 512, 7, 3, 1, 1),
        Square("mobilenet 2 depthwise", 16, 32, 32, 32, 112, 3, 1, 1),
        Square("mobilenet 2 depthwise stride 2", 16, 64, 64, 64, 112, 3, 2, 1),
        Square("mobilenet 3 depthwise", 16, 128, 128, 128, 56, 3, 1, 1),
        Square("mobilenet 3 depthwise stride 2", 16, 128, 128, 128, 56, 3, 2, 1),
        Square("mobilenet 5 depthwise", 16, 512, 512, 512, 14, 3, 1, 1),
        Square("mobilenet 5 depthwise stride 2", 16, 512, 512, 512, 14, 3, 2, 1),
    ];

    /// <inheritdoc/>
    public string Unit => "GFLOP/s";

    /// <inheritdoc/>
    public double AmountOf(string benchmark) => 2.0 * Geometry.Products * Images;

    /// <inheritdoc/>
    public override string ToString() => $"{Name} x {Images}";

    private static ConvolutionCase Square(
        string name, int images, int groups, int inputs, int outputs, int side, int kernel, int stride, int pad)
    {
        var axis = new SpatialAxis(side, kernel, stride, pad, 1);
        return new ConvolutionCase(name, images, new ConvolutionGeometry(groups, inputs, outputs, axis, axis));
    }
}
