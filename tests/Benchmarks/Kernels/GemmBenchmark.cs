using System.Runtime.InteropServices;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Cpu.Gemm;
using static System.Globalization.CultureInfo;

namespace CaffeActors.Benchmarks.Kernels;

/// <summary>Speed of the matrix product on square matrices and on those of fully connected layers.</summary>
internal static unsafe class GemmBenchmark
{
    private static readonly (string Name, bool TransA, bool TransB, int M, int N, int K)[] _shapes =
    [
        ("256 NN", false, false, 256, 256, 256),
        ("512 NN", false, false, 512, 512, 512),
        ("512 NT", false, true, 512, 512, 512),
        ("512 TN", true, false, 512, 512, 512),
        ("1024 NN", false, false, 1024, 1024, 1024),
        ("1024 NT", false, true, 1024, 1024, 1024),
        ("1024 TN", true, false, 1024, 1024, 1024),
        ("2048 NN", false, false, 2048, 2048, 2048),
        ("fc6 batch 1 forward", false, true, 1, 4096, 9216),
        ("fc6 batch 1 weights", true, false, 4096, 9216, 1),
        ("fc6 batch 1 data", false, false, 1, 9216, 4096),
        ("fc6 batch 16 forward", false, true, 16, 4096, 9216),
        ("fc6 batch 16 weights", true, false, 4096, 9216, 16),
        ("fc6 batch 16 data", false, false, 16, 9216, 4096),
        ("fc6 batch 64 forward", false, true, 64, 4096, 9216),
        ("fc6 batch 64 weights", true, false, 4096, 9216, 64),
        ("fc6 batch 64 data", false, false, 64, 9216, 4096),
        ("lenet ip1 batch 64 forward", false, true, 64, 500, 800),
        ("lenet ip1 batch 64 weights", true, false, 500, 800, 64),
        ("lenet ip1 batch 64 data", false, false, 64, 800, 500),
        ("lenet ip2 batch 64 forward", false, true, 64, 10, 500),
        ("lenet ip2 batch 64 weights", true, false, 10, 500, 64),
        ("lenet ip2 batch 64 data", false, false, 64, 500, 10),
    ];

    /// <summary>Arguments: threads (default all), rounds (default 20), part of a name (default all).</summary>
    public static void Run(string[] args)
    {
        using var device = new CpuDevice(args.Length > 0 ? int.Parse(args[0], InvariantCulture) : 0);
        int rounds = args.Length > 1 ? int.Parse(args[1], InvariantCulture) : 20;
        Console.WriteLine($"gemm, {device.Threads} thread(s), kernels {device.Kernels.Name}, least of {rounds} rounds");
        var work = new Rounds(device.Threads);
        foreach ((string name, bool ta, bool tb, int m, int n, int k) in _shapes)
        {
            if (args.Length > 2 && !name.Contains(args[2], StringComparison.OrdinalIgnoreCase))
                continue;
            // Weight gradients are added to what is there.
            float beta = ta ? 1 : 0;
            float* a = Filled(m * k), b = Filled(k * n), c = Filled(m * n);
            work.Add(name, 2.0 * m * n * k, () =>
                Gemm.Run(device, ta, tb, m, n, k, 1, a, ta ? m : k, b, tb ? k : n, beta, c, n));
        }

        work.Print(rounds);
    }

    /// <summary>Memory that lives as long as the program, with values between -1 and 1.</summary>
    internal static float* Filled(int count)
    {
        float* data = (float*)NativeMemory.AlignedAlloc((nuint)((count + 64L) * sizeof(float)), 64);
        uint state = 1;
        for (int i = 0; i < count; i++)
        {
            state = (state * 1664525) + 1013904223;
            data[i] = ((state >> 8) * (2f / 16777216f)) - 1;
        }

        return data;
    }
}
