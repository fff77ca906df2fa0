using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Compute.Layers;

/// <summary>What a layer gets from the net it is in.</summary>
public sealed record LayerContext
{
    /// <summary>Describes a net's surroundings.</summary>
    /// <param name="device">The CPU it computes on.</param>
    /// <param name="seed">The run's seed: all random streams of the net follow from it and their names.</param>
    public LayerContext(CpuDevice device, ulong seed)
    {
        Device = device;
        Seed = seed;
    }

    /// <summary>The CPU that the layer computes on where it does not on an accelerator.</summary>
    public CpuDevice Device { get; init; }

    /// <summary>The accelerator that layers with a path for one compute on. Default null: the CPU.</summary>
    public GpuDevice? Gpu { get; init; }

    /// <summary>The run's seed.</summary>
    public ulong Seed { get; }

    /// <summary>Which replica this is, 0 for the root. Default 0.</summary>
    public int SolverRank { get; init; }

    /// <summary>How many replicas train together. Default 1.</summary>
    public int SolverCount { get; init; } = 1;

    /// <summary>By what loss gradients are multiplied at the top, in a net that trains. Default null: by 1.</summary>
    public GradScale? GradScale { get; init; }

    /// <summary>
    /// Which records of a train net a replica takes in a row. What is random in a pass then does not depend on
    /// <see cref="SolverRank"/>, but on the counters that the streams are set to. Null, the default: records are dealt
    /// out singly, and each replica has random numbers of its own.
    /// </summary>
    public RecordRow? Row { get; init; }

    /// <summary>Threads on which each layer that reads images decodes and transforms; 0, the default: the layer's
    /// choice.</summary>
    public int LoadThreads { get; init; }

    /// <summary>How long a layer's next batch is waited for before that is an error. Default: 10 minutes.</summary>
    public TimeSpan WaitLimit { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Takes remarks meant for the log, one line each. Default: nobody listens.</summary>
    public Action<string> Notice { get; init; } = static _ => { };

    /// <summary>Takes warnings meant for the log, one line each. Default: nobody listens.</summary>
    public Action<string> Warning { get; init; } = static _ => { };

    /// <summary>Finds a file that the net names. Default: the path as it is.</summary>
    public Func<string, string> ResolvePath { get; init; } = static path => path;

    /// <summary>
    /// Settings that Caffe's schema has no field for, by layer name (augmentation, resizing, shuffling); the layer
    /// knows their type. Default empty.
    /// </summary>
    public IReadOnlyDictionary<string, object> Extensions { get; init; } = new Dictionary<string, object>();
}
