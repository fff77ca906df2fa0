using CaffeActors.Compute.Blobs;

namespace CaffeActors.Benchmarks.Kernels;

/// <summary>A blob kept in 16 bits.</summary>
/// <param name="Count">How many numbers.</param>
/// <param name="Storage">How they are kept; Float32 for a plain copy.</param>
internal sealed record HalfCase(int Count, StorageType Storage) : IWork
{
    /// <summary>Sizes that caches hold, and one that they do not.</summary>
    public static IReadOnlyList<HalfCase> All { get; } =
    [
        .. from count in (int[])[16 << 10, 256 << 10, 16 << 20]
           from storage in (StorageType[])[StorageType.Float32, StorageType.Float16, StorageType.BFloat16]
           select new HalfCase(count, storage),
    ];

    /// <inheritdoc/>
    public string Unit => "GB/s";

    /// <inheritdoc/>
    public double AmountOf(string benchmark) =>
        (double)Count * (sizeof(float) + (Storage == StorageType.Float32 ? sizeof(float) : sizeof(ushort)));

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Count} {(Storage == StorageType.Float32 ? "copied" : StorageNames.NameOf(Storage))}";
}
