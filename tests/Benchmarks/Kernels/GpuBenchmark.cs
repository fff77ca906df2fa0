using System.Diagnostics;
using CaffeActors.Actors.Training;
using CaffeActors.Benchmarks.Nets;
using CaffeActors.Compute.Backends.Cpu.Convolution;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Convolution;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Nets.Memory;
using static System.Globalization.CultureInfo;

namespace CaffeActors.Benchmarks.Kernels;

/// <summary>
/// Speed of an accelerator: products, convolutions with their gradients, and a training step of LeNet beside the CPU's.
/// Arguments: device (default 0), rounds (default 5), part of a name (default all).
/// </summary>
internal static class GpuBenchmark
{
    private static readonly (string Name, bool TransA, bool TransB, int M, int N, int K)[] _products =
    [
        ("256 NN", false, false, 256, 256, 256),
        ("512 NN", false, false, 512, 512, 512),
        ("1024 NN", false, false, 1024, 1024, 1024),
        ("1024 NT", false, true, 1024, 1024, 1024),
        ("1024 TN", true, false, 1024, 1024, 1024),
        ("fc6 batch 1 forward", false, true, 1, 4096, 9216),
        ("fc6 batch 1 data", false, false, 1, 9216, 4096),
        ("fc6 batch 16 forward", false, true, 16, 4096, 9216),
        ("lenet ip1 batch 64 forward", false, true, 64, 500, 800),
        ("lenet ip1 batch 64 weights", true, false, 500, 800, 64),
        ("lenet ip1 batch 64 data", false, false, 64, 800, 500),
    ];

    public static void Run(string[] args)
    {
        int number = args.Length > 0 ? int.Parse(args[0], InvariantCulture) : 0;
        int rounds = args.Length > 1 ? int.Parse(args[1], InvariantCulture) : 5;
        string part = args.Length > 2 ? args[2] : "";
        using GpuDevice gpu = GpuPlatform.Open(number);
        gpu.Bind();
        Console.WriteLine($"gpu {number}, {gpu.Name}, products by {(gpu.Library is null ? "own kernels" : "cuBLAS")}, "
            + $"least of {rounds} rounds");
        var work = new Rounds();
        List<Blob> blobs = [];
        foreach ((string name, bool ta, bool tb, int m, int n, int k) in _products)
        {
            if (name.Contains(part, StringComparison.OrdinalIgnoreCase))
                work.Add(name, 2.0 * m * n * k, Product(gpu, blobs, ta, tb, m, n, k));
        }

        foreach (ConvolutionCase layer in ConvolutionCase.All)
        {
            (string name, int images) = (layer.Name, layer.Images);
            if ((part.Length > 0 || name.StartsWith("lenet", StringComparison.Ordinal)
                || name.StartsWith("alexnet", StringComparison.Ordinal))
                && name.Contains(part, StringComparison.OrdinalIgnoreCase))
            {
                Add(work, gpu, blobs, $"{name} x {images}", images, layer.Geometry);
            }
        }

        work.Print(rounds);
        if ("lenet step".Contains(part, StringComparison.OrdinalIgnoreCase))
            Steps(gpu, rounds);
    }

    private static Action Product(GpuDevice gpu, List<Blob> blobs, bool ta, bool tb, int m, int n, int k)
    {
        Blob a = Filled(blobs, m * k), b = Filled(blobs, k * n), c = Filled(blobs, m * n);
        Values x = a.GpuData(gpu), y = b.GpuData(gpu);
        // Weight gradients are added to what is there.
        var target = new RowTarget(c.MutableGpuData(gpu), 0, n, 0, ta ? 1 : 0);
        return () =>
        {
            if (ta)
                GpuGemm.Run(gpu, 1, m, n, k, new ColumnMatrix(x, 0, m), new RowMatrix(y, 0, n), target);
            else if (tb)
                GpuGemm.Run(gpu, 1, m, n, k, new RowMatrix(x, 0, k), new ColumnMatrix(y, 0, k), target);
            else
                GpuGemm.Run(gpu, 1, m, n, k, new RowMatrix(x, 0, k), new RowMatrix(y, 0, n), target);
            gpu.Synchronize();
        };
    }

    private static void Add(
        Rounds work, GpuDevice gpu, List<Blob> blobs, string title, int images, ConvolutionGeometry geometry)
    {
        var kernel = new GpuConvolution(geometry);
        Values x = Filled(blobs, images * geometry.Inputs * geometry.InputPlane).MutableGpuData(gpu);
        Values y = Filled(blobs, images * geometry.Outputs * geometry.OutputPlane).MutableGpuData(gpu);
        Values w = Filled(blobs, geometry.Outputs * geometry.Depth).MutableGpuData(gpu);
        Values bias = Filled(blobs, geometry.Outputs).GpuData(gpu);
        double flops = 2.0 * geometry.Products * images;
        work.Add($"{title} forward", flops, () => Whole(() => kernel.Forward(gpu, images, x, w, bias, y)));
        work.Add($"{title} data", flops, () => Whole(() => kernel.BackwardData(gpu, images, w, y, x)));
        work.Add($"{title} weights", flops, () => Whole(() => kernel.BackwardWeights(gpu, images, x, y, w)));

        void Whole(Action queue)
        {
            queue();
            gpu.Synchronize();
        }
    }

    private static void Steps(GpuDevice gpu, int rounds)
    {
        foreach ((string name, GpuDevice? device) in new (string, GpuDevice?)[] { ("cpu", null), ("gpu", gpu) })
        {
            using ReplicaGroup group = BenchmarkNets.Replicas("lenet", 64, new NetUse(Backward: true), gpu: device);
            double least = double.MaxValue;
            for (int i = -2; i < rounds; i++)
            {
                long start = Stopwatch.GetTimestamp();
                group.Root.Net.Forward();
                group.Root.Net.Backward();
                group.Optimizer.ApplyUpdate(0, clearGradients: true);
                device?.Synchronize();
                if (i >= 0)
                    least = Math.Min(least, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }

            Console.WriteLine(string.Create(InvariantCulture, $"lenet step x 64 on {name,-25} {least,10:F4} ms"));
        }
    }

    private static Blob Filled(List<Blob> blobs, int count)
    {
        var blob = new Blob(count);
        blobs.Add(blob);
        Span<float> values = blob.MutableData;
        uint state = 1;
        for (int i = 0; i < count; i++)
        {
            state = (state * 1664525) + 1013904223;
            values[i] = ((state >> 8) * (2f / 16777216f)) - 1;
        }

        return blob;
    }
}
