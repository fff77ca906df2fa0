namespace CaffeActors.Data.Sources.LevelDb;

/// <summary>
/// Takes numbers and texts from bytes, one after the other. What is not there whole gives false, and nothing is taken.
/// </summary>
/// <param name="bytes">The bytes.</param>
internal ref struct FieldReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Bytes taken so far.</summary>
    public int At { get; private set; }

    /// <summary>Whether all bytes are taken.</summary>
    public readonly bool AtEnd => At == _bytes.Length;

    /// <summary>A number of up to 64 bits that fits 63: an offset, a length, a file's number.</summary>
    public bool TryVarint(out long value)
    {
        value = 0;
        int at = At;
        for (int shift = 0; shift < 64 && at < _bytes.Length; shift += 7)
        {
            byte next = _bytes[at++];
            value |= (long)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                At = at;
                return value >= 0;
            }
        }

        return false;
    }

    /// <summary>A number of at most 31 bits.</summary>
    public bool TryVarint(out int value)
    {
        bool read = TryVarint(out long wide) && wide <= int.MaxValue;
        value = read ? (int)wide : 0;
        return read;
    }

    /// <summary>A byte.</summary>
    public bool TryByte(out byte value)
    {
        bool read = At < _bytes.Length;
        value = read ? _bytes[At++] : (byte)0;
        return read;
    }

    /// <summary>So many bytes.</summary>
    public bool TryBytes(int length, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (length > _bytes.Length - At)
            return false;
        value = _bytes.Slice(At, length);
        At += length;
        return true;
    }

    /// <summary>Bytes preceded by their number.</summary>
    public bool TryText(out ReadOnlySpan<byte> value)
    {
        value = default;
        return TryVarint(out int length) && TryBytes(length, out value);
    }
}
