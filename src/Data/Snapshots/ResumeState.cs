using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Runs;

namespace CaffeActors.Data.Snapshots;

/// <summary>
/// What Caffe's pair of files does not keep of a run and an exact resume needs: the contents of
/// <c>PREFIX_iter_N.resume</c> (docs/snapshot-format.md). A reader passes over fields it does not know; fields keep
/// their meaning for ever.
/// </summary>
public sealed record ResumeState
{
    /// <summary>The version of the fields' meaning that this program writes and the newest it reads.</summary>
    public const int CurrentFormatVersion = 1;

    /// <summary>The version of the fields' meaning.</summary>
    public int FormatVersion { get; init; } = CurrentFormatVersion;

    /// <summary>Iterations done; set by the store.</summary>
    public int Iteration { get; init; }

    /// <summary>The id of the run that wrote it.</summary>
    public string RunId { get; init; } = "";

    /// <summary>The model file; set by the store.</summary>
    public FileDigest? Model { get; init; }

    /// <summary>The solver state file; set by the store.</summary>
    public FileDigest? State { get; init; }

    /// <summary>The hash of the net trained.</summary>
    public string NetHash { get; init; } = "";

    /// <summary>The hash of the solver that trained it.</summary>
    public string SolverHash { get; init; } = "";

    /// <summary>The solver's type, as SGD or Adam: a history of one type means nothing to another.</summary>
    public string SolverType { get; init; } = "";

    /// <summary>The seed of the run's random numbers; null in files of versions that did not keep it.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Records of the whole batch where several machines trained; 0 elsewhere.</summary>
    public long BatchRecords { get; init; }

    /// <summary>How many workers trained, at least 1.</summary>
    public int WorldSize { get; init; } = 1;

    /// <summary>Records consumed by iterations (not those prefetched), by the name of the data layer.</summary>
    public IReadOnlyDictionary<string, long> DataPositions { get; init; } = new Dictionary<string, long>();

    /// <summary>The random streams.</summary>
    public IReadOnlyList<RandomStreamState> RandomStreams { get; init; } = [];

    /// <summary>What layers carry from one pass to the next, as the hidden state of a recurrent layer.</summary>
    public IReadOnlyList<LayerState> LayerStates { get; init; } = [];

    /// <summary>The smoothed loss, or null where the solver keeps none.</summary>
    public SmoothedLossState? SmoothedLoss { get; init; }

    /// <summary>One number a learnable parameter that larc_turbo goes on from; null without it.</summary>
    public IReadOnlyList<float>? LarcAlignment { get; init; }

    /// <summary>The next iteration's factor where loss gradients are scaled adaptively; null elsewhere.</summary>
    public float? GradScale { get; init; }

    /// <summary>The best snapshot by a metric, as it was known when this one was made; null where none is set
    /// apart.</summary>
    public BestSnapshot? BestSnapshot { get; init; }

    /// <summary>What computed large matrix products on the CPU: <c>managed</c>, <c>openblas</c>, <c>mkl</c> or the path
    /// of a library; null in files of versions that had no choice.</summary>
    public string? Blas { get; init; }

    /// <summary>How early stopping stands; null without it.</summary>
    public EarlyStoppingState? EarlyStopping { get; init; }

    /// <summary>What is left of rollbacks after a divergence; null where there was none.</summary>
    public RollbackState? Rollback { get; init; }

    /// <summary>The metric rows' segment at the time; the resumed run opens the next one.</summary>
    public int MetricSegment { get; init; }

    /// <summary>The step up to which metric rows were written when the snapshot was taken.</summary>
    public long MetricStep { get; init; }

    /// <summary>The bytes of its file.</summary>
    public byte[] ToBytes() => ResumeFile.Format(this);

    /// <summary>Reads the bytes of its file.</summary>
    /// <param name="bytes">What <see cref="ToBytes"/> gave.</param>
    /// <exception cref="System.Text.Json.JsonException">They are damaged or of a newer version.</exception>
    public static ResumeState FromBytes(ReadOnlySpan<byte> bytes) => ResumeFile.Parse(bytes);

    /// <summary>Brings data, random numbers and whatever else goes on from pass to pass to where they were.</summary>
    /// <param name="nets">The nets by the names that <c>.resume</c> files give them.</param>
    /// <param name="optimizer">The train net's optimizer.</param>
    /// <param name="smoothed">The smoothed loss; it stays as it is where none was kept.</param>
    public void Restore(IReadOnlyList<(string Key, Net Net)> nets, Optimizer optimizer, SmoothedLoss smoothed)
    {
        NetStand.Restore(this, nets);
        if (SmoothedLoss is { } kept)
            smoothed.Restore(kept);
        if (GradScale is { } factor)
            optimizer.GradScale?.Restore(factor);
        if (LarcAlignment is { } alignment)
            optimizer.RestoreLarcAlignment(alignment);
    }

    /// <summary>All of it that nets and solver tell; whose run it is and how far it has come is still to be
    /// set.</summary>
    /// <param name="train">The train net's message.</param>
    /// <param name="solver">The solver's message.</param>
    /// <param name="seed">The seed of the run's random numbers.</param>
    /// <param name="stand">Where the nets stand.</param>
    /// <param name="optimizer">The train net's optimizer.</param>
    /// <param name="smoothed">The smoothed loss.</param>
    public static ResumeState Of(
        NetParameter train, SolverParameter solver, ulong seed, NetStand stand, Optimizer optimizer,
        SmoothedLoss smoothed) => new()
        {
            NetHash = Fingerprint.OfNet(train),
            SolverHash = Fingerprint.OfSolver(solver),
            SolverType = solver.Type,
            Seed = seed,
            DataPositions = stand.DataPositions,
            RandomStreams = stand.RandomStreams,
            LayerStates = stand.LayerStates,
            SmoothedLoss = smoothed.State,
            GradScale = optimizer.GradScale is { IsAdaptive: true } scale ? scale.Factor : null,
            LarcAlignment = optimizer.LarcAlignment is { Length: > 0 } alignment ? alignment.ToArray() : null,
        };
}
