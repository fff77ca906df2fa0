using System.Runtime.InteropServices;
using CaffeActors.Actors.Cluster.Transport;

namespace CaffeActors.Benchmarks.Cluster;

/// <summary>Native memory, cut into buckets.</summary>
internal sealed unsafe class Buckets : IDisposable
{
    private readonly byte* _bytes;
    private readonly long _length;
    private readonly int _bucket;

    public Buckets(long length, int bucket)
    {
        (_length, _bucket) = (length, bucket);
        _bytes = (byte*)NativeMemory.AlignedAlloc((nuint)length, 64);
        for (long i = 0; i < length; i++)
            _bytes[i] = (byte)(i * 31 >> 3);
        Parts = [.. Enumerable.Range(0, Count).Select(i => (BlockPart[])[new BlockPart(At(i), LengthOf(i))])];
    }

    public int Count => (int)((_length + _bucket - 1) / _bucket);

    /// <summary>Each bucket as a block of one part.</summary>
    public BlockPart[][] Parts { get; }

    public Span<byte> this[int index] => new((void*)At(index), LengthOf(index));

    public nint At(int index) => (nint)(_bytes + ((long)index * _bucket));

    public void Dispose() => NativeMemory.AlignedFree(_bytes);

    private int LengthOf(int index) => (int)Math.Min(_bucket, _length - ((long)index * _bucket));
}
