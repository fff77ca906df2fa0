using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace CaffeActors.Compute.Backends.Cpu.Blas;

/// <summary>
/// Keeps a library to the thread that calls it, so that its threads and the engine's do not crowd each other, and asks
/// it what it is.
/// </summary>
internal static unsafe partial class BlasThreads
{
    // MKL_THREADING_SEQUENTIAL, MKL_INTERFACE_LP64 and MKL_CBWR_AUTO of mkl_service.h and mkl_cbwr.h.
    private const int MklSequential = 1;
    private const int MklLp64 = 0;
    private const int MklReproducible = 2;

    /// <summary>
    /// Sets what libraries read from the environment as they are loaded, where nobody set it. OpenBLAS 0.3.21 knows no
    /// processor newer than itself and takes AVX2 kernels there, half as fast as those it has for AVX-512.
    /// </summary>
    public static void Prepare()
    {
        Set("OPENBLAS_NUM_THREADS", "1");
        Set("BLIS_NUM_THREADS", "1");
        if (Avx512F.IsSupported)
            Set("OPENBLAS_CORETYPE", "SkylakeX");
    }

    /// <summary>Whether a library says that its sizes have 64 bits: it would read beyond what it is given, so it must
    /// not be called to find out.</summary>
    public static bool HasLongSizes(nint handle) =>
        Text(handle, "openblas_get_config").Contains("USE64BITINT", StringComparison.Ordinal);

    /// <summary>Sets a loaded library to one thread.</summary>
    /// <returns>What it says it is.</returns>
    public static string MakeSingle(nint handle)
    {
        if (NativeLibrary.TryGetExport(handle, "openblas_set_num_threads", out nint setThreads))
        {
            ((delegate* unmanaged<int, void>)setThreads)(1);
            // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY SkylakeX MAX_THREADS=64"
            string[] words = Text(handle, "openblas_get_config").Split(' ');
            return $"{string.Join(' ', words.Take(2))}, {Text(handle, "openblas_get_corename")}";
        }

        if (!NativeLibrary.TryGetExport(handle, "MKL_Set_Threading_Layer", out nint setLayer))
            return "a library with a CBLAS interface";
        ((delegate* unmanaged<int, int>)setLayer)(MklSequential);
        if (NativeLibrary.TryGetExport(handle, "MKL_Set_Interface_Layer", out nint setInterface))
            _ = ((delegate* unmanaged<int, int>)setInterface)(MklLp64);
        // Only before its first product: the same numbers at the same places then give the same bits.
        if (NativeLibrary.TryGetExport(handle, "MKL_CBWR_Set", out nint setBranch))
            _ = ((delegate* unmanaged<int, int>)setBranch)(MklReproducible);
        if (!NativeLibrary.TryGetExport(handle, "MKL_Get_Version_String", out nint version))
            return "MKL";
        byte* text = stackalloc byte[256];
        ((delegate* unmanaged<byte*, int, void>)version)(text, 255);
        return Marshal.PtrToStringUTF8((nint)text)?.Trim() ?? "MKL";
    }

    private static string Text(nint handle, string function) =>
        NativeLibrary.TryGetExport(handle, function, out nint get)
            ? Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)get)()) ?? "" : "";

    private static void Set(string name, string value)
    {
        if (Environment.GetEnvironmentVariable(name) is not null)
            return;
        // .NET changes its own copy of the environment alone, but on Windows.
        if (OperatingSystem.IsWindows())
            Environment.SetEnvironmentVariable(name, value);
        else
            _ = SetVariable(name, value, overwrite: 0);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
