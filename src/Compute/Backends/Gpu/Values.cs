using System.Runtime.CompilerServices;
using CaffeActors.Compute.Blobs;
using ILGPU;
using ILGPU.Runtime;

namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>
/// Numbers in an accelerator's memory, as kernels see them: read and written as 32-bit floats, kept in the form of
/// their <see cref="StorageType"/> and converted in passing, by whole numbers alone, so that devices without half
/// arithmetic do it too.
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
            : Expand(_view.Cast<ushort>()[i], _type == (int)StorageType.BFloat16);
    }

    /// <summary>Writes one number.</summary>
    /// <param name="i">Its place, from 0.</param>
    /// <param name="value">The number, rounded to the storage's form.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Set(int i, float value)
    {
        if (_type == (int)StorageType.Float32)
            _view[i] = value;
        else
            _view.Cast<ushort>()[i] = Round(value, _type == (int)StorageType.BFloat16);
    }

    /// <summary>Adds to one number. Its place must be one thread's alone.</summary>
    /// <param name="i">Its place, from 0.</param>
    /// <param name="value">What is added.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int i, float value) => Set(i, this[i] + value);

    // As HalfConversion does sixteen at once.
    private static float Expand(ushort value, bool brain)
    {
        uint bits = value;
        if (brain)
            return Interop.IntAsFloat(bits << 16);
        uint sign = (bits & 0x8000u) << 16, shifted = (bits & 0x7FFFu) << 13;
        uint result = shifted >= 0x7C00u << 13 ? shifted + (224u << 23)
            : shifted >= 0x400u << 13 ? shifted + (112u << 23)
            : Interop.FloatAsInt(Interop.IntAsFloat(shifted + (113u << 23)) - Interop.IntAsFloat(113u << 23));
        return Interop.IntAsFloat(result | sign);
    }

    private static ushort Round(float value, bool brain)
    {
        uint bits = Interop.FloatAsInt(value), magnitude = bits & 0x7FFFFFFFu;
        if (brain)
        {
            return (ushort)(magnitude > 0x7F800000u
                ? (bits >> 16) | 0x40u
                : (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
        }

        uint result = magnitude > 0x7F800000u ? 0x7E00u | ((magnitude >> 13) & 0x3FFu)
            : magnitude >= 0x477FF000u ? 0x7C00u
            : magnitude < 113u << 23
                ? Interop.FloatAsInt(Interop.IntAsFloat(magnitude) + 0.5f) - 0x3F000000u
                : (magnitude - ((112u << 23) - 0xFFFu) + ((magnitude >> 13) & 1u)) >> 13;
        return (ushort)(result | ((bits >> 16) & 0x8000u));
    }
}
