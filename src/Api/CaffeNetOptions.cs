using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Nets.Passes;
using CaffeActors.Data.PlugIns;

namespace CaffeActors.Api;

/// <summary>How a net is opened.</summary>
public sealed record CaffeNetOptions
{
    /// <summary>Weight files, comma-separated, later ones winning; null, the default, leaves the net as it was
    /// filled.</summary>
    public string? Weights { get; init; }

    /// <summary>Where it computes: <c>cpu</c>, the default, or <c>gpu:N</c>, as <c>caffeactors device_query</c> lists
    /// them. Blobs come back to the host when they are read; layers without a path for a GPU run on the CPU.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Threads to compute on, on the CPU; 0, the default, takes one for each core.</summary>
    public int Threads { get; init; }

    /// <summary>How data and gradients of blobs are kept where the net does not say (docs/precision.md). Default
    /// Float32.</summary>
    public StorageType Precision { get; init; }

    /// <summary>Which passes may change how the net is computed (docs/passes.md). Default all. A pass over some layers
    /// only, or with something to be called between them, runs without.</summary>
    public NetPasses Passes { get; init; } = NetPasses.All;

    /// <summary>What the net is used for, where that is known: its blobs then share memory, and only those named there,
    /// inputs and outputs can be read after a pass (docs/memory.md); what only runs forward keeps nothing for
    /// gradients. Default null: for anything, all blobs can be read.</summary>
    public NetUse? Use { get; init; }

    /// <summary>Level of the net's state. Default null: the file's own, else 0.</summary>
    public int? Level { get; init; }

    /// <summary>Stages of the net's state. Default none.</summary>
    public IReadOnlyList<string> Stages { get; init; } = [];

    /// <summary>Seed of all random numbers. Default 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>Gradients for every blob, inputs included. Default false.</summary>
    public bool ForceBackward { get; init; }

    /// <summary>Puts inputs of the same shapes in the place of layers that read data. Default false.</summary>
    public bool WithoutData { get; init; }

    /// <summary>With <see cref="WithoutData"/>: shapes of tops that the net itself does not tell.</summary>
    public IReadOnlyDictionary<string, int[]> InputShapes { get; init; } = new Dictionary<string, int[]>();

    /// <summary>Folders in which the files that a net's file names are looked for, where they are neither in the
    /// current one nor beside it. Default none.</summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>Class libraries with layers of one's own, to be loaded. Default none.</summary>
    public IReadOnlyList<LibraryReference> LayerAssemblies { get; init; } = [];

    /// <summary>The layer types, where they are known already (<see cref="LayerPlugIns"/> makes them of assemblies of
    /// the program's own); null, the default, takes those built in and <see cref="LayerAssemblies"/>.</summary>
    public LayerCatalog? Catalog { get; init; }

    /// <summary>Settings beyond Caffe's schema, by layer name. Default none.</summary>
    public IReadOnlyDictionary<string, object> Extensions { get; init; } = new Dictionary<string, object>();

    /// <summary>Hears remarks, one line each. Default: nobody listens.</summary>
    public Action<string> Notice { get; init; } = static _ => { };

    /// <summary>Hears warnings, one line each; null, the default, sends them to <see cref="Notice"/>.</summary>
    public Action<string>? Warning { get; init; }

    /// <summary>Whether <see cref="Notice"/> also hears how the net is built, a line or two for each layer, as Caffe's
    /// log tells it. Default true.</summary>
    public bool TellBuild { get; init; } = true;

    /// <summary>An open accelerator: <see cref="Device"/>, which several nets share. It is not theirs to dispose
    /// of.</summary>
    internal GpuDevice? SharedGpu { get; init; }
}
