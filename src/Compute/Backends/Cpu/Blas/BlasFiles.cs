namespace CaffeActors.Compute.Backends.Cpu.Blas;

/// <summary>Which files a library may be called.</summary>
internal static class BlasFiles
{
    /// <summary>The files to try, in order.</summary>
    /// <param name="choice">A name of <see cref="BlasChoice"/>, or a path.</param>
    public static string[] Of(string choice) => choice switch
    {
        BlasChoice.OpenBlas when OperatingSystem.IsWindows() => ["libopenblas.dll", "openblas.dll"],
        BlasChoice.OpenBlas when OperatingSystem.IsMacOS() =>
            ["libopenblas.dylib", "/opt/homebrew/opt/openblas/lib/libopenblas.dylib"],
        BlasChoice.OpenBlas => ["libopenblas.so.0", "libopenblas.so"],
        BlasChoice.Mkl when OperatingSystem.IsWindows() => ["mkl_rt.2.dll", "mkl_rt.1.dll", "mkl_rt.dll"],
        BlasChoice.Mkl when OperatingSystem.IsMacOS() => ["libmkl_rt.2.dylib", "libmkl_rt.dylib"],
        BlasChoice.Mkl =>
            ["libmkl_rt.so.2", "libmkl_rt.so.1", "libmkl_rt.so", "/opt/intel/oneapi/mkl/latest/lib/libmkl_rt.so"],
        _ => [Path.GetFullPath(choice)],
    };

    /// <summary>What to do about a library that is not there.</summary>
    public static string Advice(string choice) => choice switch
    {
        BlasChoice.OpenBlas => "install OpenBLAS (Debian, Ubuntu: apt-get install libopenblas0-pthread; macOS: brew "
            + "install openblas) or give the path of its file",
        BlasChoice.Mkl => "install Intel's MKL (Debian: apt-get install intel-mkl, in non-free; else Intel's oneAPI "
            + "packages) or give the path of libmkl_rt",
        _ => "give the path of a library with a CBLAS interface",
    };
}
