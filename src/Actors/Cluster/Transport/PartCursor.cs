namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>A place in a block's parts.</summary>
internal unsafe struct PartCursor(IReadOnlyList<BlockPart> parts)
{
    private int _part;
    private long _offset;

    /// <summary>The next bytes that lie in a row, and steps over them.</summary>
    /// <param name="most">How many at most, at least 1.</param>
    /// <returns>At least one byte, where the block has any more.</returns>
    public ReadOnlySpan<byte> Next(int most)
    {
        while (_part < parts.Count)
        {
            BlockPart part = parts[_part];
            long left = part.Length - _offset;
            if (left > 0)
            {
                int count = (int)Math.Min(left, most);
                var bytes = new ReadOnlySpan<byte>((byte*)part.Bytes + _offset, count);
                _offset += count;
                return bytes;
            }

            _part++;
            _offset = 0;
        }

        return [];
    }
}
