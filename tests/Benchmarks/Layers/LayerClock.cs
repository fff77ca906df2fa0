using System.Diagnostics;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Nets;

namespace CaffeActors.Benchmarks.Layers;

/// <summary>Milliseconds of each layer of whole passes, and of the update; between the iterations, the machine's
/// peak.</summary>
internal sealed class LayerClock
{
    private readonly List<double>[] _forward;
    private readonly List<double>[] _backward;
    private readonly List<double> _updates = [];

    private readonly bool _least;

    private LayerClock(int layers, bool least)
    {
        _least = least;
        _forward = [.. Enumerable.Range(0, layers).Select(_ => new List<double>())];
        _backward = [.. Enumerable.Range(0, layers).Select(_ => new List<double>())];
    }

    /// <summary>The most that the cores did in a second, of all measurements.</summary>
    public double Peak { get; private set; }

    /// <summary>Of the updates; 0 where there were none.</summary>
    public double Update => Usual(_updates);

    /// <summary>Runs training iterations, two of which do not count.</summary>
    /// <param name="group">The net, its optimizer and device.</param>
    /// <param name="iterations">How many count, at least 1.</param>
    /// <param name="least">Whether the least time of each layer is told, for a machine that others use too, and not
    /// the median.</param>
    public static LayerClock Train(ReplicaGroup group, int iterations, bool least)
    {
        Net net = group.Root.Net;
        var clock = new LayerClock(net.Layers.Count, least);
        for (int i = -2; i < iterations; i++)
        {
            clock.Peak = Math.Max(clock.Peak, FmaPeak.Measure(group.Root.Device));
            if (i == 0)
                clock.Forget();
            clock.Forward(net);
            for (int rank = net.Layers.Count - 1; rank >= 0; rank--)
            {
                if (net.Layers[rank].NeedBackward)
                    clock._backward[rank].Add(Time(net, rank, static (net, rank) => net.BackwardLayer(rank)));
            }

            clock._updates.Add(Time(
                group, 0, static (group, _) => group.Optimizer.ApplyUpdate(0, clearGradients: true)));
        }

        return clock;
    }

    /// <summary>Runs passes forward, two of which do not count.</summary>
    /// <param name="replica">The net and its device.</param>
    /// <param name="iterations">How many count, at least 1.</param>
    /// <param name="least">As in <see cref="Train"/>.</param>
    public static LayerClock Infer(Replica replica, int iterations, bool least)
    {
        var clock = new LayerClock(replica.Net.Layers.Count, least);
        for (int i = -2; i < iterations; i++)
        {
            clock.Peak = Math.Max(clock.Peak, FmaPeak.Measure(replica.Device));
            if (i == 0)
                clock.Forget();
            clock.Forward(replica.Net);
        }

        return clock;
    }

    /// <summary>Of a layer's forward passes.</summary>
    public double ForwardOf(int rank) => Usual(_forward[rank]);

    /// <summary>Of a layer's backward passes; 0 where it has none.</summary>
    public double BackwardOf(int rank) => Usual(_backward[rank]);

    private void Forward(Net net)
    {
        for (int rank = 0; rank < net.Layers.Count; rank++)
            _forward[rank].Add(Time(net, rank, static (net, rank) => net.ForwardLayer(rank)));
    }

    private void Forget()
    {
        foreach (List<double> times in (IEnumerable<List<double>>)[.. _forward, .. _backward, _updates])
            times.Clear();
    }

    private static double Time<T>(T what, int rank, Action<T, int> work)
    {
        long start = Stopwatch.GetTimestamp();
        work(what, rank);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private double Usual(List<double> values) =>
        values.Count == 0 ? 0 : _least ? values.Min() : Samples.Median(values);
}
