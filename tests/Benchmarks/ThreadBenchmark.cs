using System.Diagnostics;
using System.Globalization;
using CaffeActors.Actors.Training;

namespace CaffeActors.Benchmarks;

/// <summary>
/// How much faster all threads are than one: the same net twice in one process, iterations in turn, and the median of
/// the ratios of neighbours, so that a machine whose speed drifts slows both. Usage:
/// <c>threads NET BATCH ITERATIONS [THREADS] [infer] [fp16|bf16]</c>.
/// </summary>
internal static class ThreadBenchmark
{
    public static int Run(string[] args)
    {
        RunArguments arguments = RunArguments.Parse(args), single = arguments with { Threads = 1 };
        if (arguments.Infer)
        {
            using Replica all = arguments.Inference(), one = single.Inference();
            Tell(arguments, all.Device.Threads, () => all.Net.Forward(), () => one.Net.Forward());
        }
        else
        {
            using ReplicaGroup all = arguments.Training(), one = single.Training();
            Tell(arguments, all.Root.Device.Threads, () => Train(all), () => Train(one));
        }

        return 0;
    }

    private static void Train(ReplicaGroup group)
    {
        group.Root.Net.Forward();
        group.Root.Net.Backward();
        group.Optimizer.ApplyUpdate(0, clearGradients: true);
    }

    private static void Tell(RunArguments arguments, int threads, Action all, Action one)
    {
        List<double> ratios = [];
        for (int i = -2; i < arguments.Iterations; i++)
        {
            double together = Time(all), alone = Time(one);
            if (i >= 0)
                ratios.Add(alone / together);
        }

        ratios.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"caffeactors {arguments.Title}: {threads} thread(s) over one: scaling {ratios[ratios.Count / 2]:F3}, "
            + $"{ratios[0]:F2} to {ratios[^1]:F2}"));
    }

    private static double Time(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
