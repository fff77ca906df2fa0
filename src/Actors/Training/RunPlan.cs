using System.Security.Cryptography;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Devices;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Cpu.Blas;
using CaffeActors.Compute.Backends.Cpu.Gemm;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Nets.Passes;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.PlugIns;

namespace CaffeActors.Actors.Training;

/// <summary>Which run a start goes on with.</summary>
public enum ResumeMode
{
    /// <summary>A new run.</summary>
    Never,

    /// <summary>The newest run of the name that fits, if there is one; else a new run.</summary>
    Auto,

    /// <summary>As <see cref="Auto"/>, but it is an error if there is none.</summary>
    Must,
}

/// <summary>Everything that says what a run does: resolved, overridden, with nothing left to look up but
/// files.</summary>
public sealed record RunPlan
{
    /// <summary>The run's name.</summary>
    public required string Name { get; init; }

    /// <summary>The solver, upgraded, with overrides.</summary>
    public required SolverParameter Solver { get; init; }

    /// <summary>The nets, upgraded, with overrides, their states set.</summary>
    public required SolverNets Nets { get; init; }

    /// <summary>Finds files that nets and solver name.</summary>
    public Func<string, string> ResolvePath { get; init; } = static path => path;

    /// <summary>The layer types.</summary>
    public LayerCatalog Catalog { get; init; } = LayerPlugIns.BuiltIn;

    /// <summary>Settings beyond Caffe's schema, by layer name.</summary>
    public IReadOnlyDictionary<string, object> Extensions { get; init; } = new Dictionary<string, object>();

    /// <summary>Seed of all random streams; null takes the solver's random_seed, or a fresh one.</summary>
    public ulong? Seed { get; init; }

    /// <summary>The seed of a run that goes on from another, or of a new one: the plan's, else the other's, else the
    /// solver's random_seed, else a fresh one.</summary>
    /// <param name="resumed">The seed of the run that is gone on from; null for a new run.</param>
    public ulong SeedOr(ulong? resumed) => Seed ?? resumed
        ?? (Solver.RandomSeed >= 0 ? (ulong)Solver.RandomSeed
            : BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)));

    /// <summary>The devices and how they train together.</summary>
    public ParallelSettings Parallel { get; init; } = new();

    /// <summary>Tells of the devices and of the images that an iteration takes, and checks that they fit.</summary>
    /// <exception cref="CaffeException">The batch cannot be cut as <see cref="Parallel"/> asks.</exception>
    public string DescribeReplicas()
    {
        var batch = ReplicaBatch.Of(Nets.Train, Parallel, Solver.IterSize, static _ => { }, static _ => { });
        return $"{Parallel.Devices.Count} replica(s) on {string.Join(", ", Parallel.Devices)}"
            + (batch.Images > 0 ? $"; effective batch {batch.Effective(Parallel, Solver.IterSize)}" : "");
    }

    /// <summary>A failure that is asked for; null, the default: none.</summary>
    public Fault? Fault { get; init; }

    /// <summary>Hears of each step in which the run's files are written, on the thread that writes, and fails it by
    /// throwing: for tests, which alone can set it.</summary>
    internal Action<FaultPoint>? Reached { get; init; }

    /// <summary>Threads to compute on, dealt out to the devices; 0 takes one for each core.</summary>
    public int Threads { get; init; }

    /// <summary>The matrix kernels of CPU devices. Default: the best for this machine.</summary>
    public KernelFamily Kernels { get; init; } = KernelFamily.Best;

    /// <summary>Whether convolutions may take Winograd's method. Default true.</summary>
    public bool Winograd { get; init; } = true;

    /// <summary>How blobs are kept where the nets do not say.</summary>
    public StorageType Precision { get; init; }

    /// <summary>Which passes may change how nets are computed.</summary>
    public NetPasses Passes { get; init; } = NetPasses.All;

    /// <summary>What is computed again in the backward pass instead of being kept for it.</summary>
    public Recompute Recompute { get; init; }

    /// <summary>Bytes of memory that the run may need; null for what the machine has.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>What computes large matrix products on the CPU, as <see cref="BlasChoice"/> names it. Default
    /// managed.</summary>
    public string Blas { get; init; } = BlasChoice.Managed;

    /// <summary>A CPU device as the plan wants it.</summary>
    /// <param name="threads">Its threads; 0 takes one for each core.</param>
    /// <exception cref="CaffeException">The library that is to compute products cannot be loaded.</exception>
    public CpuDevice CreateCpu(int threads) => new(threads)
    {
        Kernels = Kernels,
        AllowsWinograd = Winograd,
        Blas = BlasChoice.Open(BlasChoice.Settle(Blas, kept: null)),
    };

    /// <summary>What computes plain matrix products on accelerators.</summary>
    public GpuBlas GpuBlas { get; init; }

    /// <summary>The scale of loss gradients where the train net does not say; null for the standard one.</summary>
    public GradScaleSetting? GradScale { get; init; }

    /// <summary>Threads on which each data layer decodes and transforms; 0: its choice.</summary>
    public int LoadThreads { get; init; }

    /// <summary>How long a batch, or the writing of a snapshot, is waited for before the run ends. Default: 10
    /// minutes.</summary>
    public TimeSpan WaitLimit { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Weight files to begin with, in order.</summary>
    public IReadOnlyList<string> Weights { get; init; } = [];

    /// <summary>A solver state to go on from (Caffe's <c>-snapshot</c>), or null.</summary>
    public string? Snapshot { get; init; }

    /// <summary>Which run to go on with.</summary>
    public ResumeMode Resume { get; init; }

    /// <summary>How long the run may take before it stops with a snapshot; null for ever.</summary>
    public TimeSpan? TimeBudget { get; init; }

    /// <summary>Which metric ends the run when it gets no better; null, the default, for none.</summary>
    public EarlyStoppingSettings? EarlyStopping { get; init; }

    /// <summary>What the tests must measure last for the finished run to be accepted. Default: nothing.</summary>
    public IReadOnlyList<AcceptanceThreshold> Acceptance { get; init; } = [];

    /// <summary>What the run does when its numbers are no longer finite.</summary>
    public DivergenceSettings OnDivergence { get; init; } = new();

    /// <summary>Folder of all runs.</summary>
    public string OutputRoot { get; init; } = "runs";

    /// <summary>Whether snapshots lie in the run's folder; else at the solver's snapshot_prefix, as Caffe's.</summary>
    public bool SnapshotsInRunFolder { get; init; }

    /// <summary>Which snapshots are kept. Default: all.</summary>
    public SnapshotSettings Snapshots { get; init; } = new();

    /// <summary>Iterations between system and layer metrics; 0 for none.</summary>
    public int SystemMetricsEvery { get; init; } = 100;

    /// <summary>How old a metric row may grow before it is written.</summary>
    public TimeSpan MetricsFlushInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Who may look at the run while it goes on. Default: nobody.</summary>
    public LiveSettings Live { get; init; } = new();

    /// <summary>The nodes that train together, <see cref="ClusterSettings.Nodes"/> set; null, the default: the run is
    /// alone.</summary>
    public ClusterSettings? Cluster { get; init; }

    /// <summary>The configuration file, as the user named it.</summary>
    public string ConfigPath { get; init; } = "";

    /// <summary>The configuration with everything resolved, for the run's folder; empty for a bare solver.</summary>
    public string ResolvedConfig { get; init; } = "";

    /// <summary>Text for <c>akka { }</c>, merged over the program's own.</summary>
    public string AkkaConfig { get; init; } = "";
}
