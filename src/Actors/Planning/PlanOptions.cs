using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.PlugIns;

namespace CaffeActors.Actors.Planning;

/// <summary>What a command line says beyond the configuration; null leaves the configuration's own.</summary>
public sealed record PlanOptions
{
    /// <summary>Hears warnings. Default: who hears remarks.</summary>
    public Action<string>? Warning { get; init; }

    /// <summary>Weight files instead of the configured ones, comma-separated.</summary>
    public string? Weights { get; init; }

    /// <summary>A solver state to go on from; it replaces all weights.</summary>
    public string? Snapshot { get; init; }

    /// <summary>Level of the train net's state.</summary>
    public int? Level { get; init; }

    /// <summary>Stages of the train net's state, comma-separated.</summary>
    public string? Stages { get; init; }

    /// <summary>Class libraries of layers, besides those configured.</summary>
    public IReadOnlyList<LibraryReference> LayerAssemblies { get; init; } = [];

    /// <summary>Updates to do in all.</summary>
    public int? MaxIter { get; init; }

    /// <summary>Seed of all random streams.</summary>
    public ulong? Seed { get; init; }

    /// <summary>The run's name.</summary>
    public string? RunName { get; init; }

    /// <summary>Folder of all runs.</summary>
    public string? OutputRoot { get; init; }

    /// <summary>Which run to go on with.</summary>
    public ResumeMode? Resume { get; init; }

    /// <summary>How long the run may take.</summary>
    public TimeSpan? TimeBudget { get; init; }

    /// <summary>Devices to train on.</summary>
    public IReadOnlyList<DeviceId>? Devices { get; init; }

    /// <summary>How blobs are kept where the net does not say.</summary>
    public StorageType? Precision { get; init; }

    /// <summary>The scale of loss gradients where the net does not say.</summary>
    public GradScaleSetting? GradScale { get; init; }

    /// <summary>What is said of a cluster. Default: nothing.</summary>
    public ClusterOptions Cluster { get; init; } = new();

    /// <summary>Threads to compute on.</summary>
    public int? Threads { get; init; }
}
