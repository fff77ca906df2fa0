using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Benchmarks.Kernels;

/// <summary>
/// How fast 16-bit blobs are opened and closed: bytes read and written together, in GB/s, beside a plain copy of
/// floats. Usage: <c>half [THREADS]</c>.
/// </summary>
internal static unsafe class HalfBenchmark
{
    private const int Rounds = 30;

    public static void Run(string[] args)
    {
        using var device = new CpuDevice(args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 0);
        foreach (int count in (int[])[16 * 1024, 256 * 1024, 16 * 1024 * 1024])
        {
            var floats = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), SyncedMemory.Alignment);
            var copy = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), SyncedMemory.Alignment);
            for (int i = 0; i < count; i++)
                floats[i] = MathF.Sin(i);
            Tell("copy", count, 8, () => Elementwise.Run(device, count, new CopyBody(floats, copy)));
            using IDeviceMemory block = device.Store.Allocate((long)count * sizeof(ushort));
            foreach (StorageType type in (StorageType[])[StorageType.Float16, StorageType.BFloat16])
            {
                string name = StorageNames.NameOf(type);
                Tell($"{name} round", count, 6, () => block.WriteHalves(floats, count, type));
                Tell($"{name} expand", count, 6, () => block.ReadHalves(copy, count, type));
            }

            NativeMemory.AlignedFree(floats);
            NativeMemory.AlignedFree(copy);
        }
    }

    private static void Tell(string name, int count, int bytes, Action work)
    {
        double best = double.MaxValue;
        int times = Math.Max(1, 4 * 1024 * 1024 / count);
        for (int round = 0; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < times; i++)
                work();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / times);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{count,10} values  {name,-12} {(double)count * bytes / best / 1e9,7:F1} GB/s"));
    }

    private readonly struct CopyBody(float* source, float* target) : IRangeBody
    {
        public void Invoke(int from, int to) =>
            NativeMemory.Copy(source + from, target + from, (nuint)(to - from) * sizeof(float));
    }
}
