using System.Diagnostics;
using System.Globalization;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Benchmarks;

/// <summary>
/// Milliseconds of a training iteration (forward, backward, update), as peers measure theirs.
/// Usage: <c>step NET BATCH ITERATIONS [THREADS [fp32|fp16|bf16]]</c>.
/// </summary>
internal static class TrainingStep
{
    public static int Run(string[] args)
    {
        (int batch, int iterations) = (Number(args[1]), Number(args[2]));
        using ReplicaGroup group = Replicas(args, batch);
        List<double> times = [];
        for (int i = -2; i < iterations; i++)
        {
            long start = Stopwatch.GetTimestamp();
            group.Root.Net.Forward();
            group.Root.Net.Backward();
            group.Optimizer.ApplyUpdate(0, clearGradients: true);
            if (i >= 0)
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        double median = times[times.Count / 2];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"caffeactors {args[0]} batch {batch} threads {group.Root.Device.Threads} train: median {median:F2} "
            + $"ms/iteration, "
            + $"min {times[0]:F2}, {batch * 1000 / median:F1} images/s, peak rss "
            + $"{Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB, 16-bit blobs "
            + $"{group.Root.Device.Store.Bytes >> 20} MiB in windows of "
            + $"{group.Root.Device.Store.Windows.Bytes >> 20} MiB "
            + $"({group.Root.Device.Store.Windows.Allocations} allocations)"));
        return 0;
    }

    private static ReplicaGroup Replicas(string[] args, int batch) => BenchmarkNets.Replicas(
        args[0], batch, args.Length > 3 ? Number(args[3]) : 0, 1,
        precision: args.Length > 4 ? StorageNames.Parse(args[4], "the precision") : StorageType.Float32);

    /// <summary>Milliseconds of each layer, forward and backward. Usage: <c>layers NET BATCH ITERATIONS
    /// [THREADS [fp32|fp16|bf16]]</c>.</summary>
    public static int Layers(string[] args)
    {
        (int batch, int iterations) = (Number(args[1]), Number(args[2]));
        using ReplicaGroup group = Replicas(args, batch);
        int count = group.Root.Net.Layers.Count;
        double[] forward = new double[count], backward = new double[count];
        Array.Fill(forward, double.MaxValue);
        Array.Fill(backward, double.MaxValue);
        double update = double.MaxValue;
        for (int i = 0; i < iterations; i++)
        {
            for (int rank = 0; rank < count; rank++)
                forward[rank] = Math.Min(forward[rank], Time(() => group.Root.Net.ForwardLayer(rank)));
            for (int rank = count - 1; rank >= 0; rank--)
            {
                if (group.Root.Net.Layers[rank].NeedBackward)
                    backward[rank] = Math.Min(backward[rank], Time(() => group.Root.Net.BackwardLayer(rank)));
            }

            update = Math.Min(update, Time(() => group.Optimizer.ApplyUpdate(0, clearGradients: true)));
        }

        foreach (var layer in group.Root.Net.Layers)
        {
            double back = layer.NeedBackward ? backward[layer.Rank] : 0;
            double gigaflops = layer.Layer.ForwardFlops(layer.Bottom, layer.Top) / 1e6;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{layer.Name,-20} {layer.Layer.Type,-16} forward {forward[layer.Rank],8:F3} ms "
                + $"({gigaflops / forward[layer.Rank],6:F1} GFLOP/s)  backward {back,8:F3} ms"));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"forward {forward.Sum():F2} ms, backward {backward.Where(ms => ms < double.MaxValue).Sum():F2} ms, "
            + $"update {update:F2} ms (minima)"));
        return 0;
    }

    private static double Time(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
