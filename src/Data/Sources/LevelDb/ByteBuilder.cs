using System.Buffers.Binary;

namespace CaffeActors.Data.Sources.LevelDb;

/// <summary>Bytes that grow, written as LevelDB writes numbers and texts. The memory is kept when cleared.</summary>
internal sealed class ByteBuilder
{
    private byte[] _bytes = new byte[1024];

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    /// <summary>The bytes; valid until more are written.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>Starts again.</summary>
    public void Clear() => Length = 0;

    /// <summary>Writes bytes as they are.</summary>
    public void Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Room(value.Length));
        Length += value.Length;
    }

    /// <summary>Writes a number seven bits a byte.</summary>
    public void Varint(long value)
    {
        Span<byte> room = Room(10);
        int length = 0;
        for (ulong rest = (ulong)value; ; rest >>= 7)
        {
            room[length++] = (byte)(rest < 0x80 ? rest : rest | 0x80);
            if (rest < 0x80)
                break;
        }

        Length += length;
    }

    /// <summary>Writes bytes preceded by their number.</summary>
    public void Text(ReadOnlySpan<byte> value)
    {
        Varint(value.Length);
        Bytes(value);
    }

    /// <summary>Writes a number of 32 bits.</summary>
    public void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Room(sizeof(uint)), value);
        Length += sizeof(uint);
    }

    /// <summary>Writes a number of 64 bits.</summary>
    public void UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Room(sizeof(ulong)), value);
        Length += sizeof(ulong);
    }

    private Span<byte> Room(int more)
    {
        int needed = checked(Length + more);
        if (needed > _bytes.Length)
            Array.Resize(ref _bytes, (int)Math.Max(needed, Math.Min(2L * _bytes.Length, Array.MaxLength)));
        return _bytes.AsSpan(Length);
    }
}
