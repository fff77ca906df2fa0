using System.Runtime.CompilerServices;
using CaffeActors.Compute.Blobs;
using ILGPU;
using ILGPU.Runtime;

namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>
/// Numbers in an accelerator's memory, as kernels see them: read and written as 32-bit floats, kept in the form of
/// their <see cref="StorageType"/> and converted in passing, on devices without half arithmetic too.
/// </summary>
public readonly struct Values
{
    private readonly ArrayView<float> _view;
    private readonly int _type;

    internal Values(ArrayView<float> view, StorageType type)
    {
        _view = view;
        _type = (int)type;
    }

    /// <summary>No memory at all: for a body that has no use for a place.</summary>
    public static Values None => default;

    /// <summary>Whether there is memory: not where it is <see cref="None"/>. Kernels may ask.</summary>
    public bool Exists => _view.Length > 0;

    /// <summary>The numbers as they are in memory where they are 32-bit floats, else null. For the host.</summary>
    internal ArrayView<float>? Floats => _type == (int)StorageType.Float32 ? _view : null;

    /// <summary>Reads one number.</summary>
    /// <param name="i">Its place, from 0.</param>
    public float this[int i]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _type == (int)StorageType.Float32 ? _view[i]
            : _type == (int)StorageType.BFloat16 ? Interop.IntAsFloat((uint)_view.Cast<ushort>()[i] << 16)
            : HalfMemory.Load(_view, i);
    }

    /// <summary>Writes one number.</summary>
    /// <param name="i">Its place, from 0.</param>
    /// <param name="value">The number, rounded to the storage's form.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Set(int i, float value)
    {
        if (_type == (int)StorageType.Float32)
            _view[i] = value;
        else if (_type == (int)StorageType.BFloat16)
            _view.Cast<ushort>()[i] = RoundBrain(value);
        else
            HalfMemory.Store(_view, i, value);
    }

    /// <summary>Adds to one number. Its place must be one thread's alone.</summary>
    /// <param name="i">Its place, from 0.</param>
    /// <param name="value">What is added.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int i, float value) => Set(i, this[i] + value);

    private static ushort RoundBrain(float value)
    {
        uint bits = Interop.FloatAsInt(value);
        return (ushort)((bits & 0x7FFFFFFFu) > 0x7F800000u
            ? (bits >> 16) | 0x40u
            : (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
    }
}
