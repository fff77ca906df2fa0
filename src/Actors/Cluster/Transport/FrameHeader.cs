using System.Buffers.Binary;
using System.IO.Hashing;

namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>What precedes the bytes of each frame on a link: 56 bytes, little-endian, the last eight of them the
/// XxHash3 of those before, so that no byte of a frame is put anywhere before its header is known to be
/// right.</summary>
/// <param name="Kind">What the frame is.</param>
/// <param name="Block">The block that its bytes belong to; of no meaning in other frames than chunks.</param>
/// <param name="Payload">How many bytes follow, at most <see cref="MostPayload"/>.</param>
/// <param name="Length">Bytes of the whole block.</param>
/// <param name="Offset">Where in the block the bytes belong.</param>
/// <param name="Sequence">Of a chunk: the number of its block among all that went this way, from 0. Of an
/// acknowledgement: how many have arrived whole.</param>
/// <param name="Checksum">The XxHash3 of the bytes that follow.</param>
internal readonly record struct FrameHeader(
    FrameKind Kind, BlockId Block, int Payload, long Length, long Offset, long Sequence, ulong Checksum)
{
    /// <summary>Bytes of a header.</summary>
    public const int Size = 56;

    /// <summary>The most bytes that a frame carries.</summary>
    public const int MostPayload = 1 << 20;

    private const int Hashed = Size - sizeof(ulong);

    /// <summary>Writes the header.</summary>
    /// <param name="to"><see cref="Size"/> bytes.</param>
    public void Write(Span<byte> to)
    {
        to[0] = (byte)Kind;
        to[1] = (byte)Block.Stream;
        to[2] = to[3] = 0;
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], Block.Iteration);
        BinaryPrimitives.WriteInt32LittleEndian(to[8..], Block.Index);
        BinaryPrimitives.WriteInt32LittleEndian(to[12..], Payload);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], Length);
        BinaryPrimitives.WriteInt64LittleEndian(to[24..], Offset);
        BinaryPrimitives.WriteInt64LittleEndian(to[32..], Sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(to[40..], Checksum);
        BinaryPrimitives.WriteUInt64LittleEndian(to[Hashed..], XxHash3.HashToUInt64(to[..Hashed]));
    }

    /// <summary>Reads a header.</summary>
    /// <param name="from"><see cref="Size"/> bytes.</param>
    /// <param name="header">What they say.</param>
    /// <returns>False where they are damaged.</returns>
    public static bool TryRead(ReadOnlySpan<byte> from, out FrameHeader header)
    {
        header = new FrameHeader(
            (FrameKind)from[0],
            new BlockId(
                (BlockStream)from[1],
                BinaryPrimitives.ReadInt32LittleEndian(from[4..]),
                BinaryPrimitives.ReadInt32LittleEndian(from[8..])),
            BinaryPrimitives.ReadInt32LittleEndian(from[12..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(from[40..]));
        return BinaryPrimitives.ReadUInt64LittleEndian(from[Hashed..]) == XxHash3.HashToUInt64(from[..Hashed]);
    }
}
