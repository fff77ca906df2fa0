using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Cpu.Convolution;
using static System.Globalization.CultureInfo;

namespace CaffeActors.Benchmarks.Kernels;

/// <summary>Speed of convolution and its gradients on layers of known nets.</summary>
internal static unsafe class ConvolutionBenchmark
{
    /// <summary>The layers measured, with their usual batch.</summary>
    internal static readonly (string Name, int Images, ConvolutionGeometry Geometry)[] Layers =
    [
        ("lenet conv1", 64, Square(1, 1, 20, 28, 5, 1, 0)),
        ("lenet conv2", 64, Square(1, 20, 50, 12, 5, 1, 0)),
        ("alexnet conv1", 16, Square(1, 3, 96, 227, 11, 4, 0)),
        ("alexnet conv2", 16, Square(2, 96, 256, 27, 5, 1, 2)),
        ("alexnet conv3", 16, Square(1, 256, 384, 13, 3, 1, 1)),
        ("alexnet conv4", 16, Square(2, 384, 384, 13, 3, 1, 1)),
        ("alexnet conv5", 16, Square(2, 384, 256, 13, 3, 1, 1)),
        ("vgg conv3_1", 16, Square(1, 128, 256, 56, 3, 1, 1)),
        ("vgg conv1_2", 4, Square(1, 64, 64, 224, 3, 1, 1)),
        ("inception 1x1", 16, Square(1, 192, 64, 28, 1, 1, 0)),
        ("inception 5x5", 16, Square(1, 16, 32, 28, 5, 1, 2)),
        ("inception 5b 1x1", 16, Square(1, 832, 384, 7, 1, 1, 0)),
        ("resnet conv1", 16, Square(1, 3, 64, 224, 7, 2, 3)),
        ("resnet 2 3x3", 16, Square(1, 64, 64, 56, 3, 1, 1)),
        ("resnet 3 3x3 stride 2", 16, Square(1, 128, 128, 56, 3, 2, 1)),
        ("resnet 5 3x3", 16, Square(1, 512, 512, 7, 3, 1, 1)),
        ("mobilenet 2 depthwise", 16, Square(32, 32, 32, 112, 3, 1, 1)),
        ("mobilenet 2 depthwise stride 2", 16, Square(64, 64, 64, 112, 3, 2, 1)),
        ("mobilenet 3 depthwise", 16, Square(128, 128, 128, 56, 3, 1, 1)),
        ("mobilenet 3 depthwise stride 2", 16, Square(128, 128, 128, 56, 3, 2, 1)),
        ("mobilenet 5 depthwise", 16, Square(512, 512, 512, 14, 3, 1, 1)),
        ("mobilenet 5 depthwise stride 2", 16, Square(512, 512, 512, 14, 3, 2, 1)),
    ];

    /// <summary>Arguments: threads (default all), rounds (default 20), part of a name (default all), images,
    /// <c>grouped</c> for depthwise layers by the implicit product.</summary>
    public static void Run(string[] args)
    {
        using var device = new CpuDevice(args.Length > 0 ? int.Parse(args[0], InvariantCulture) : 0);
        int rounds = args.Length > 1 ? int.Parse(args[1], InvariantCulture) : 20;
        Console.WriteLine($"conv, {device.Threads} thread(s), kernels {device.Kernels.Name}, least of {rounds} rounds");
        var work = new Rounds(device.Threads);
        foreach ((string name, int standard, ConvolutionGeometry geometry) in Layers)
        {
            if (args.Length > 2 && !name.Contains(args[2], StringComparison.OrdinalIgnoreCase))
                continue;
            int images = args.Length > 3 ? int.Parse(args[3], InvariantCulture) : standard;
            var kernel = new ConvolutionKernel(geometry)
            {
                IsDepthwiseAllowed = args.Length <= 4 || args[4] != "grouped",
            };
            float* x = GemmBenchmark.Filled(images * geometry.Inputs * geometry.InputPlane);
            float* y = GemmBenchmark.Filled(images * geometry.Outputs * geometry.OutputPlane);
            float* w = GemmBenchmark.Filled(geometry.Outputs * geometry.Depth);
            float* bias = GemmBenchmark.Filled(geometry.Outputs);
            double flops = 2.0 * geometry.Products * images;
            string title = $"{name} x {images}";
            work.Add($"{title} forward", flops, () => kernel.Forward(device, images, x, w, bias, y));
            work.Add($"{title} data", flops, () => kernel.BackwardData(device, images, w, y, x));
            work.Add($"{title} weights", flops, () => kernel.BackwardWeights(device, images, x, y, w));
        }

        work.Print(rounds);
    }

    private static ConvolutionGeometry Square(
        int groups, int inputs, int outputs, int side, int kernel, int stride, int pad)
    {
        var axis = new SpatialAxis(side, kernel, stride, pad, 1);
        return new ConvolutionGeometry(groups, inputs, outputs, axis, axis);
    }
}
