using System.Buffers.Binary;

namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>What a node says first when it connects: 48 bytes, little-endian.</summary>
/// <param name="Version">Version of the protocol.</param>
/// <param name="Purpose">What it connects for.</param>
/// <param name="Epoch">The link's epoch.</param>
/// <param name="Channel">The link's channel in the epoch.</param>
/// <param name="From">The node that connects.</param>
/// <param name="To">The node that is meant.</param>
/// <param name="Received">How many blocks the one that connects has received whole over this link.</param>
internal readonly record struct Greeting(
    ushort Version, GreetingPurpose Purpose, ulong Epoch, int Channel, ulong From, ulong To, long Received)
{
    /// <summary>The version that this program speaks.</summary>
    public const ushort CurrentVersion = 1;

    /// <summary>Bytes of a greeting.</summary>
    public const int Size = 48;

    /// <summary>The four bytes that greetings and answers begin with.</summary>
    public static ReadOnlySpan<byte> Magic => "CADP"u8;

    /// <summary>Writes the greeting.</summary>
    /// <param name="to"><see cref="Size"/> bytes.</param>
    public void Write(Span<byte> to)
    {
        to.Clear();
        Magic.CopyTo(to);
        BinaryPrimitives.WriteUInt16LittleEndian(to[4..], Version);
        to[6] = (byte)Purpose;
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], Epoch);
        BinaryPrimitives.WriteInt32LittleEndian(to[16..], Channel);
        BinaryPrimitives.WriteUInt64LittleEndian(to[24..], From);
        BinaryPrimitives.WriteUInt64LittleEndian(to[32..], To);
        BinaryPrimitives.WriteInt64LittleEndian(to[40..], Received);
    }

    /// <summary>Reads a greeting.</summary>
    /// <param name="from"><see cref="Size"/> bytes.</param>
    /// <param name="greeting">What they say; of another version only <see cref="Version"/> is sure.</param>
    /// <returns>False where they are none.</returns>
    public static bool TryRead(ReadOnlySpan<byte> from, out Greeting greeting)
    {
        greeting = new Greeting(
            BinaryPrimitives.ReadUInt16LittleEndian(from[4..]),
            (GreetingPurpose)from[6],
            BinaryPrimitives.ReadUInt64LittleEndian(from[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(from[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(from[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(from[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[40..]));
        return from.StartsWith(Magic);
    }
}
