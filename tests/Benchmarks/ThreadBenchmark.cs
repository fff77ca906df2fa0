using System.Diagnostics;
using System.Globalization;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Benchmarks;

/// <summary>
/// How much faster all threads are than one: the same net twice in one process, iterations in turn, and the median of
/// the ratios of neighbours, so that a machine whose speed drifts slows both; then the layers that lose most by what
/// does not scale. Usage: <c>threads NET BATCH ITERATIONS [THREADS] [infer] [fp16|bf16]</c>.
/// </summary>
internal static class ThreadBenchmark
{
    private const int LayersTold = 8;

    public static int Run(string[] args)
    {
        RunArguments arguments = RunArguments.Parse(args), single = arguments with { Threads = 1 };
        if (arguments.Infer)
        {
            using Replica all = arguments.Inference(), one = single.Inference();
            Tell(arguments, all.Device.Threads, all.Net, one.Net, null, null);
        }
        else
        {
            using ReplicaGroup all = arguments.Training(), one = single.Training();
            Tell(arguments, all.Root.Device.Threads, all.Root.Net, one.Root.Net, all.Optimizer, one.Optimizer);
        }

        return 0;
    }

    private static void Tell(
        RunArguments arguments, int threads, Net all, Net one, Optimizer? ofAll, Optimizer? ofOne)
    {
        List<double[]> together = [], alone = [];
        for (int i = -2; i < arguments.Iterations; i++)
        {
            double[] fast = Iterate(all, ofAll), slow = Iterate(one, ofOne);
            if (i < 0)
                continue;
            together.Add(fast);
            alone.Add(slow);
        }

        double[] ratios = [.. together.Zip(alone, (fast, slow) => slow.Sum() / fast.Sum()).Order()];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"caffeactors {arguments.Title}: {threads} thread(s) over one: scaling {ratios[ratios.Length / 2]:F3}, "
            + $"{ratios[0]:F2} to {ratios[^1]:F2}"));
        int layers = all.Layers.Count;
        var parts = Enumerable.Range(0, (2 * layers) + 1).Select(part =>
        {
            string name = part == 2 * layers ? "update"
                : $"{all.Layers[part % layers].Name} {(part < layers ? "forward" : "backward")}";
            double fast = MedianOf(together, part), slow = MedianOf(alone, part);
            return (name, fast, slow, Lost: fast - (slow / threads));
        });
        foreach ((string name, double fast, double slow, double lost) in parts.OrderByDescending(part => part.Lost)
            .Take(LayersTold))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {name,-28} {fast,8:F2} ms, scaling {slow / fast:F2}, {lost:F2} ms lost"));
        }
    }

    // Milliseconds of each layer forward, of each backward, and of the update.
    private static double[] Iterate(Net net, Optimizer? optimizer)
    {
        int layers = net.Layers.Count;
        double[] times = new double[(2 * layers) + 1];
        for (int rank = 0; rank < layers; rank++)
            times[rank] = Time(() => net.ForwardLayer(rank));
        if (optimizer is null)
            return times;
        for (int rank = layers - 1; rank >= 0; rank--)
        {
            if (net.Layers[rank].NeedBackward)
                times[layers + rank] = Time(() => net.BackwardLayer(rank));
        }

        times[^1] = Time(() => optimizer.ApplyUpdate(0, clearGradients: true));
        return times;
    }

    private static double MedianOf(List<double[]> times, int part) =>
        Samples.Median(times.Select(iteration => iteration[part]));

    private static double Time(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
