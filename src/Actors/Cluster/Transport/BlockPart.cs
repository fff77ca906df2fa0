namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>Bytes in a row, of which a block is put together.</summary>
/// <param name="Bytes">The first one.</param>
/// <param name="Length">How many, at least 0.</param>
internal readonly unsafe record struct BlockPart(nint Bytes, long Length)
{
    /// <summary>The part of some floats.</summary>
    public static BlockPart Of(float* values, long count) => new((nint)values, count * sizeof(float));
}
