using System.Diagnostics;
using System.Globalization;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Benchmarks;

/// <summary>
/// Milliseconds of a training iteration (forward, backward, update) or of a pass forward, as peers measure theirs: two
/// that do not count, then the median. Usage: <c>step NET BATCH ITERATIONS [THREADS] [infer] [fp16|bf16]</c>.
/// </summary>
internal static class StepBenchmark
{
    public static int Run(string[] args)
    {
        RunArguments arguments = RunArguments.Parse(args);
        if (arguments.Infer)
        {
            using Replica replica = arguments.Inference();
            Tell(arguments, replica.Device, () => replica.Net.Forward());
        }
        else
        {
            using ReplicaGroup group = arguments.Training();
            Tell(arguments, group.Root.Device, () =>
            {
                group.Root.Net.Forward();
                group.Root.Net.Backward();
                group.Optimizer.ApplyUpdate(0, clearGradients: true);
            });
        }

        return 0;
    }

    private static void Tell(RunArguments arguments, CpuDevice device, Action work)
    {
        List<double> times = [];
        for (int i = -2; i < arguments.Iterations; i++)
        {
            long start = Stopwatch.GetTimestamp();
            work();
            if (i >= 0)
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        double median = times[times.Count / 2];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"caffeactors {arguments.Title}, {device.Threads} thread(s): median {median:F2} ms/iteration, "
            + $"min {times[0]:F2}, {arguments.Batch * 1000 / median:F1} images/s, peak rss "
            + $"{Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB, 16-bit blobs "
            + $"{device.Store.Bytes >> 20} MiB in windows of {device.Store.Windows.Bytes >> 20} MiB "
            + $"({device.Store.Windows.Allocations} allocations)"));
    }
}
