using System.Runtime.InteropServices;
using CaffeActors.Actors.Cluster.Transport;

namespace CaffeActors.Cluster.Tests.Transport;

/// <summary>Random bytes to be sent, in native memory.</summary>
internal sealed unsafe class Payload : IDisposable
{
    private readonly byte* _bytes;

    public Payload(int length, ulong seed = 1)
    {
        Length = length;
        _bytes = (byte*)NativeMemory.Alloc((nuint)Math.Max(1, length));
        Span<byte> bytes = Bytes;
        // Words that do not repeat, so that bytes in the wrong place are told.
        ulong word = seed * 0x9E3779B97F4A7C15;
        for (int i = 0; i < length; i++)
        {
            if (i % sizeof(ulong) == 0)
                word = (word ^ (word >> 27)) * 0x94D049BB133111EB + 0x9E3779B97F4A7C15;
            bytes[i] = (byte)(word >> (i % sizeof(ulong) * 8));
        }
    }

    public int Length { get; }

    public Span<byte> Bytes => new(_bytes, Length);

    /// <summary>All of it, in parts.</summary>
    /// <param name="lengths">How long each is; what is left is the last one.</param>
    public BlockPart[] Parts(params int[] lengths)
    {
        var parts = new List<BlockPart>();
        int at = 0;
        foreach (int length in lengths.Append(Length - lengths.Sum()))
        {
            parts.Add(new BlockPart((nint)(_bytes + at), length));
            at += length;
        }

        return [.. parts];
    }

    public void Dispose() => NativeMemory.Free(_bytes);
}
