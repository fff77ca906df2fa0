using System.Buffers.Binary;

namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>What a node answers to a <see cref="Greeting"/>: 24 bytes, little-endian.</summary>
/// <param name="Version">Version of the protocol.</param>
/// <param name="Answer">Yes, or why not.</param>
/// <param name="Node">The node that answers.</param>
/// <param name="Received">How many blocks it has received whole over the link.</param>
internal readonly record struct GreetingReply(ushort Version, GreetingAnswer Answer, ulong Node, long Received)
{
    /// <summary>Bytes of a reply.</summary>
    public const int Size = 24;

    /// <summary>Writes the reply.</summary>
    /// <param name="to"><see cref="Size"/> bytes.</param>
    public void Write(Span<byte> to)
    {
        to.Clear();
        Greeting.Magic.CopyTo(to);
        BinaryPrimitives.WriteUInt16LittleEndian(to[4..], Version);
        to[6] = (byte)Answer;
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], Node);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], Received);
    }

    /// <summary>Reads a reply.</summary>
    /// <param name="from"><see cref="Size"/> bytes.</param>
    /// <param name="reply">What they say.</param>
    /// <returns>False where they are none.</returns>
    public static bool TryRead(ReadOnlySpan<byte> from, out GreetingReply reply)
    {
        reply = new GreetingReply(
            BinaryPrimitives.ReadUInt16LittleEndian(from[4..]),
            (GreetingAnswer)from[6],
            BinaryPrimitives.ReadUInt64LittleEndian(from[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[16..]));
        return from.StartsWith(Greeting.Magic);
    }
}
