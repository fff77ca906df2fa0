using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>
/// The ends of arrays whose length is no multiple of sixteen: a register of which only some lanes count.
/// </summary>
public static unsafe class VectorPart
{
    /// <summary>All bits set in the first lanes, none in the others.</summary>
    /// <param name="count">How many lanes; 16 or more takes all.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Lanes(int count) =>
        Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle();

    /// <summary>Loads the first lanes, the others zero; reads nothing past them.</summary>
    /// <param name="source">Where the first lane is.</param>
    /// <param name="count">How many lanes, 0 to 16.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* source, int count)
    {
        if (Avx512F.IsSupported)
            return Avx512F.MaskLoad(source, Lanes(count), Vector512<float>.Zero);
        if (count >= 16)
            return Vector512.Load(source);
        Vector512<float> lanes = default;
        Unsafe.CopyBlockUnaligned(&lanes, source, (uint)count * sizeof(float));
        return lanes;
    }

    /// <summary>Stores the first lanes; writes nothing past them.</summary>
    /// <param name="lanes">The values.</param>
    /// <param name="target">Where the first lane goes.</param>
    /// <param name="count">How many lanes, 0 to 16.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> lanes, float* target, int count)
    {
        if (Avx512F.IsSupported)
            Avx512F.MaskStore(target, Lanes(count), lanes);
        else if (count >= 16)
            lanes.Store(target);
        else
            Unsafe.CopyBlockUnaligned(target, &lanes, (uint)count * sizeof(float));
    }
}
