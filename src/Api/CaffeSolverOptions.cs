using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.PlugIns;

namespace CaffeActors.Api;

/// <summary>How a solver is opened: what <c>caffe train</c> takes as flags.</summary>
public sealed record CaffeSolverOptions
{
    /// <summary>Weight files to begin with, comma-separated; null, the default, takes the solver's own.</summary>
    public string? Weights { get; init; }

    /// <summary>A solver state to go on from, exactly; null, the default, begins anew.</summary>
    public string? Snapshot { get; init; }

    /// <summary>Level of the train net's state. Default 0.</summary>
    public int? Level { get; init; }

    /// <summary>Stages of the train net's state, comma-separated. Default none.</summary>
    public string? Stages { get; init; }

    /// <summary>Updates to do in all; null, the default, takes the solver's.</summary>
    public int? MaxIter { get; init; }

    /// <summary>Seed of all random numbers; null, the default, takes the solver's random_seed, else a fresh
    /// one.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Where it computes: <c>cpu</c> or <c>gpu:N</c>; null, the default, takes what the solver asks for: with
    /// <c>solver_mode: GPU</c> the GPU <c>device_id</c> where there is one, else the CPU.</summary>
    public string? Device { get; init; }

    /// <summary>Threads to compute on, on the CPU; 0, the default, takes one for each core.</summary>
    public int Threads { get; init; }

    /// <summary>How data and gradients of blobs are kept where the nets do not say (docs/precision.md). Default
    /// Float32.</summary>
    public StorageType Precision { get; init; }

    /// <summary>By what loss gradients are multiplied where the net does not say; gradients of parameters are larger by
    /// it until the update. Default null: <see cref="Compute.Solvers.GradScale.StandardFactor"/> where gradients are
    /// kept in fp16, else 1.</summary>
    public GradScaleSetting? GradScale { get; init; }

    /// <summary>Class libraries with layers of one's own. Default none.</summary>
    public IReadOnlyList<LibraryReference> LayerAssemblies { get; init; } = [];

    /// <summary>Settings beyond Caffe's schema, by layer name. Default none.</summary>
    public IReadOnlyDictionary<string, object> Extensions { get; init; } = new Dictionary<string, object>();

    /// <summary>Takes the lines of Caffe's log. Default: nobody listens.</summary>
    public Action<string> Notice { get; init; } = static _ => { };
}
