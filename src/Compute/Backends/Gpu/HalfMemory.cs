using System.Reflection;
using System.Runtime.CompilerServices;
using CaffeActors.Compute.Blobs;
using ILGPU;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;

namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>
/// Reads and writes <see cref="StorageType.Float16"/> in kernels: by whole numbers on any device, as HalfConversion
/// does sixteen at once, and by the device's own instructions where it is NVIDIA's, whose PTX has them on all devices
/// that ILGPU knows. Both give the same numbers.
/// </summary>
internal static class HalfMemory
{
    private const BindingFlags Any = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>Makes compilers for NVIDIA's devices use their instructions.</summary>
    /// <param name="builder">Makes a context.</param>
    public static void Configure(Context.Builder builder)
    {
        IntrinsicImplementationManager manager = builder.GetIntrinsicManager();
        foreach ((string entry, string own, string any) in ((string, string, string)[])[
            (nameof(Load), nameof(LoadNatively), nameof(LoadAnywhere)),
            (nameof(Store), nameof(StoreNatively), nameof(StoreAnywhere))])
        {
            MethodInfo method = Method(entry);
            manager.RegisterMethod(method, new PTXIntrinsic(Method(own), IntrinsicImplementationMode.Redirect));
            manager.RegisterMethod(method, new CLIntrinsic(Method(any), IntrinsicImplementationMode.Redirect));
        }
    }

    /// <summary>Reads one number.</summary>
    [IntrinsicImplementation]
    public static float Load(ArrayView<float> memory, int i) => LoadAnywhere(memory, i);

    /// <summary>Writes one number, rounded to the nearest.</summary>
    [IntrinsicImplementation]
    public static void Store(ArrayView<float> memory, int i, float value) => StoreAnywhere(memory, i, value);

    private static MethodInfo Method(string name) => typeof(HalfMemory).GetMethod(name, Any)!;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float LoadAnywhere(ArrayView<float> memory, int i)
    {
        uint bits = memory.Cast<ushort>()[i];
        uint sign = (bits & 0x8000u) << 16, shifted = (bits & 0x7FFFu) << 13;
        uint result = shifted >= 0x7C00u << 13 ? shifted + (224u << 23)
            : shifted >= 0x400u << 13 ? shifted + (112u << 23)
            : Interop.FloatAsInt(Interop.IntAsFloat(shifted + (113u << 23)) - Interop.IntAsFloat(113u << 23));
        return Interop.IntAsFloat(result | sign);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreAnywhere(ArrayView<float> memory, int i, float value)
    {
        uint bits = Interop.FloatAsInt(value), magnitude = bits & 0x7FFFFFFFu;
        uint result = magnitude > 0x7F800000u ? 0x7E00u | ((magnitude >> 13) & 0x3FFu)
            : magnitude >= 0x477FF000u ? 0x7C00u
            : magnitude < 113u << 23
                ? Interop.FloatAsInt(Interop.IntAsFloat(magnitude) + 0.5f) - 0x3F000000u
                : (magnitude - ((112u << 23) - 0xFFFu) + ((magnitude >> 13) & 1u)) >> 13;
        memory.Cast<ushort>()[i] = (ushort)(result | ((bits >> 16) & 0x8000u));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float LoadNatively(ArrayView<float> memory, int i) => memory.Cast<ILGPU.Half>()[i];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreNatively(ArrayView<float> memory, int i, float value) =>
        memory.Cast<ILGPU.Half>()[i] = (ILGPU.Half)value;
}
