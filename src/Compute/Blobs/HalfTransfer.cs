using System.Runtime.InteropServices;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Blobs;

/// <summary>Copies between 32-bit floats of the host and 16-bit values of a device.</summary>
internal static unsafe class HalfTransfer
{
    // Grows and is kept: a steady iteration allocates nothing.
    [ThreadStatic]
    private static ushort* _staging;

    [ThreadStatic]
    private static long _capacity;

    /// <summary>Device to host.</summary>
    /// <param name="source">Holds <paramref name="count"/> 16-bit values.</param>
    /// <param name="target">Receives them as floats.</param>
    /// <param name="count">Number of values.</param>
    /// <param name="type">Their form.</param>
    public static void ToHost(IDeviceMemory source, float* target, long count, StorageType type)
    {
        var halves = (ushort*)source.HostAddress;
        if (halves is null)
        {
            halves = Staging(count);
            source.CopyToHost(halves);
        }

        HalfConversion.Expand(halves, target, count, type);
    }

    /// <summary>Host to device.</summary>
    /// <param name="source">Floats.</param>
    /// <param name="target">Receives them as 16-bit values.</param>
    /// <param name="count">Number of values.</param>
    /// <param name="type">Their form.</param>
    public static void FromHost(float* source, IDeviceMemory target, long count, StorageType type)
    {
        var halves = (ushort*)target.HostAddress;
        if (halves is not null)
        {
            HalfConversion.Round(source, halves, count, type);
            return;
        }

        halves = Staging(count);
        HalfConversion.Round(source, halves, count, type);
        target.CopyFromHost(halves);
    }

    private static ushort* Staging(long count)
    {
        if (_capacity < count)
        {
            NativeMemory.Free(_staging);
            _staging = (ushort*)NativeMemory.Alloc((nuint)count, sizeof(ushort));
            _capacity = count;
        }

        return _staging;
    }
}
