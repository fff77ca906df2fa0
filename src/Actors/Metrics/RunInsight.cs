using System.Globalization;
using CaffeActors.Actors.Data;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Nets;
using CaffeActors.Data.Layers;

namespace CaffeActors.Actors.Metrics;

/// <summary>
/// A run that goes on, for whoever looks into it: what it is, and what its actors are doing. Thread-safe; looking sends
/// no message and makes nobody wait.
/// </summary>
public sealed class RunInsight
{
    private readonly TrainingRun _run;
    private readonly IReadOnlyList<ActorActivity> _activities;

    internal RunInsight(TrainingRun run, params IReadOnlyList<ActorActivity> activities)
    {
        _run = run;
        _activities = activities;
        Net = run.Replicas.Root.Net.Name;
        Devices = [.. run.Replicas.Replicas.SelectMany(replica => replica.Devices)
            .Select(device => device.Gpu is { } gpu ? $"{device.Id}, {gpu.Name}"
                : string.Create(CultureInfo.InvariantCulture, $"{device.Id}, threads: {device.Cpu.Threads}"))];
    }

    /// <summary>The run's id.</summary>
    public string RunId => _run.Folder.RunId;

    /// <summary>The run's name.</summary>
    public string Name => _run.Plan.Name;

    /// <summary>The run's folder.</summary>
    public string Folder => _run.Folder.Path;

    /// <summary>Where its metrics' part files lie.</summary>
    public string MetricsFolder => _run.Folder.MetricsPath;

    /// <summary>The configuration or solver file, as the user named it.</summary>
    public string ConfigPath => _run.Plan.ConfigPath;

    /// <summary>The train net's name, or empty.</summary>
    public string Net { get; }

    /// <summary>The solver's type.</summary>
    public string SolverType => _run.Solver.Type;

    /// <summary>The devices it trains on.</summary>
    public IReadOnlyList<string> Devices { get; }

    /// <summary>The seed of all random numbers.</summary>
    public ulong Seed => _run.Seed;

    /// <summary>Which start of the run this is, from 0.</summary>
    public int Segment => _run.Segment;

    /// <summary>Updates done before this start.</summary>
    public int StartIteration => _run.StartIteration;

    /// <summary>Updates done.</summary>
    public int Iteration => _run.Iteration;

    /// <summary>Updates to be done in all.</summary>
    public int MaxIteration => _run.MaxIteration;

    /// <summary>Passes over the training data so far; null where that is not known.</summary>
    public double? Epoch => _run.EpochAt(_run.Iteration);

    /// <summary>Images of one iteration; 0 for a net without data layers.</summary>
    public int ImagesPerIteration => _run.ImagesPerIteration;

    /// <summary>Where the run's actors stand: solver, files, devices, replicas, layers, data layers and their
    /// prefetchers.</summary>
    public IReadOnlyList<ActorState> Actors()
    {
        List<ActorState> states = [.. _activities.Select(activity => activity.State())];
        IReadOnlyList<Replica> replicas = _run.Replicas.Replicas;
        foreach (Replica replica in replicas)
        {
            string of = replicas.Count > 1 ? $" of {replica.Id}" : "";
            states.Add(replica.Activity.State() with { Name = $"replica on {replica.Id}" });
            Layers(states, replica.Net, replica.Times, of);
        }

        for (int i = 0; i < _run.Tests.Count; i++)
        {
            Layers(states, _run.Tests[i].Net, _run.Tests[i].Times,
                string.Create(CultureInfo.InvariantCulture, $" of test net {i}"));
        }

        return states;
    }

    private static void Layers(List<ActorState> states, Net net, LayerTimes times, string of)
    {
        int waiting = times.Actors.Sum(ActorActivity.Waiting);
        states.Add(new ActorState(string.Create(CultureInfo.InvariantCulture, $"{times.Actors.Length} layers{of}"),
            waiting == 0 ? ActorActivity.Idle : "have messages", TimeSpan.Zero, waiting, ""));
        foreach (NetLayer layer in net.Layers)
        {
            if (layer.Layer is not BatchLayer { PrefetchDepth: > 0 } data)
                continue;
            DataWait wait = times.DataWaits[layer.Rank];
            // One buffer more than are read ahead: the one in use.
            string ready = string.Create(CultureInfo.InvariantCulture,
                $"{wait.Ready} of {data.PrefetchDepth + 1} buffers full");
            string read = string.Create(CultureInfo.InvariantCulture, $"{wait.Batches} batches read");
            states.Add(wait.Layer.State(ready) with { Name = $"data layer {layer.Name}{of}" });
            states.Add(wait.Prefetcher.State(read) with { Name = $"prefetcher of {layer.Name}{of}" });
        }
    }
}
