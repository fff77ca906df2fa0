using CaffeActors.Compute.Schema;
using CaffeActors.Data.PlugIns;

namespace CaffeActors.Actors.Planning.Validation;

/// <summary>What a look at a file takes from the command line.</summary>
public sealed record ValidationOptions
{
    /// <summary>Overrides of a run configuration, <c>path=value</c> each.</summary>
    public IReadOnlyList<string> Sets { get; init; } = [];

    /// <summary>Environment variables. Default: none.</summary>
    public Func<string, string?> Environment { get; init; } = static _ => null;

    /// <summary>The phase in which a net by itself is looked at; null, the default, for TRAIN and TEST.</summary>
    public Phase? Phase { get; init; }

    /// <summary>Shapes of data tops, where the data are not there and the net does not tell.</summary>
    public IReadOnlyDictionary<string, int[]> InputShapes { get; init; } = new Dictionary<string, int[]>();

    /// <summary>Class libraries of layers, besides those configured.</summary>
    public IReadOnlyList<LibraryReference> LayerAssemblies { get; init; } = [];

    /// <summary>Bytes of memory there are, where a configuration sets no limit; null, the default, for what the
    /// machine has.</summary>
    public long? Memory { get; init; }
}
