using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Compute.Backends.Cpu.Blas;
using CaffeActors.Compute.Backends.Cpu.Gemm;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Nets.Passes;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.PlugIns;

namespace CaffeActors.Actors.Configuration;

/// <summary>A run configuration, read and checked. Every property is a key of reference.conf, which has units, ranges
/// and defaults.</summary>
public sealed record CaffeActorsSettings
{
    /// <summary>Keys <c>run</c>.</summary>
    public required RunSettings Run { get; init; }

    /// <summary>Keys <c>train</c>.</summary>
    public required TrainSettings Train { get; init; }

    /// <summary>Overrides of solver, layers and data layers at the top level.</summary>
    public required OverrideSettings Overrides { get; init; }

    /// <summary><c>layers.assemblies</c>: class libraries of layers.</summary>
    public required IReadOnlyList<LibraryReference> LayerAssemblies { get; init; }

    /// <summary>Keys <c>data</c>.</summary>
    public required DataSettings Data { get; init; }

    /// <summary><c>compute.threads</c>.</summary>
    public required int Threads { get; init; }

    /// <summary><c>compute.kernels</c>.</summary>
    public required KernelChoice Kernels { get; init; }

    /// <summary><c>compute.winograd</c>.</summary>
    public required bool Winograd { get; init; }

    /// <summary><c>compute.precision</c>.</summary>
    public required StorageType Precision { get; init; }

    /// <summary><c>compute.passes</c>.</summary>
    public required NetPasses Passes { get; init; }

    /// <summary>What computes large matrix products on the CPU, as <see cref="BlasChoice"/> names it.</summary>
    public required string Blas { get; init; }

    /// <summary>What computes plain matrix products on accelerators.</summary>
    public required GpuBlas GpuBlas { get; init; }

    /// <summary><c>compute.recompute</c>.</summary>
    public required Recompute Recompute { get; init; }

    /// <summary><c>compute.memory-limit</c> in bytes, or null.</summary>
    public required long? MemoryLimit { get; init; }

    /// <summary><c>compute.grad-scale</c>, or null.</summary>
    public required GradScaleSetting? GradScale { get; init; }

    /// <summary>Keys <c>parallel</c>.</summary>
    public required ParallelSettings Parallel { get; init; }

    /// <summary>Lines of <c>acceptance</c>.</summary>
    public required IReadOnlyList<AcceptanceThreshold> Acceptance { get; init; }

    /// <summary>Keys <c>snapshot</c>.</summary>
    public required SnapshotSettings Snapshots { get; init; }

    /// <summary>Keys <c>live</c>.</summary>
    public required LiveSettings Live { get; init; }

    /// <summary>Keys <c>cluster</c>.</summary>
    public required ClusterSettings Cluster { get; init; }

    /// <summary>Keys <c>metrics</c>.</summary>
    public required MetricsSettings Metrics { get; init; }

    /// <summary><c>akka</c>, as text.</summary>
    public required string Akka { get; init; }

    /// <summary>The whole configuration, resolved.</summary>
    public required HoconObject Resolved { get; init; }
}
