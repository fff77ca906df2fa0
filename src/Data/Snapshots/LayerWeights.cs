using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Data.Snapshots;

/// <summary>A layer as a snapshot keeps it: its message and its learnable blobs, by reference.</summary>
/// <param name="Parameter">The layer's message; <c>blobs</c> stored in it are not written.</param>
/// <param name="Blobs">The learnable blobs, weights before bias.</param>
/// <param name="Owned">
/// For each blob whether the layer is its owner, or null where it owns all: HDF5 files keep a shared blob's data with
/// its owner only.
/// </param>
public sealed record LayerWeights(
    LayerParameter Parameter, IReadOnlyList<Blob> Blobs, IReadOnlyList<bool>? Owned = null)
{
    /// <summary>Whether the layer is the owner of a blob.</summary>
    internal bool Owns(int blob) => Owned is null || Owned[blob];
}
