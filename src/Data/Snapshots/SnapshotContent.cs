using CaffeActors.Compute.Schema;

namespace CaffeActors.Data.Snapshots;

/// <summary>A snapshot in memory.</summary>
/// <param name="Net">The model: layers in order with their blobs (see <see cref="WeightsFile.Read"/>).</param>
/// <param name="State">The solver's state.</param>
/// <param name="Resume">What an exact resume needs besides; null for a pair that Caffe wrote.</param>
public sealed record SnapshotContent(NetParameter Net, SolverState State, ResumeState? Resume);
