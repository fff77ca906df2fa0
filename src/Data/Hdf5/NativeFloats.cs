using System.Buffers;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Data.Hdf5;

/// <summary>A blob's data or diff as memory, for libraries that take no spans. The blob must not change
/// meanwhile.</summary>
/// <param name="blob">The blob, kept from being collected with its memory.</param>
/// <param name="diff">Whether the diff is meant.</param>
internal sealed unsafe class NativeFloats(Blob blob, bool diff) : MemoryManager<float>
{
    private float* Values => diff ? blob.CpuDiff : blob.CpuData;

    /// <inheritdoc/>
    public override Span<float> GetSpan() => new(Values, blob.Count);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => new(Values + elementIndex);

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}
