using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using CaffeActors.Compute.Backends.Cpu.Blas;
using CaffeActors.Compute.Backends.Cpu.Gemm;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Images;
using CaffeActors.Data.Tools;

namespace CaffeActors.Cli.Doctor;

/// <summary>Looks at the machine: program and runtime, processor, memory, accelerators, libraries, limits.</summary>
internal static class MachineCheckups
{
    private const string Group = "machine";

    // Below these a run of a large net gets into trouble.
    private const long LeastMemory = 1L << 30;
    private const long LeastFiles = 1024;

    // A white pixel as PNG: its decoding needs the native library that all image files need.
    private const string Pixel =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg==";

    /// <summary>Looks.</summary>
    /// <param name="root">Where <c>proc</c> is; <c>/</c> but in tests.</param>
    public static IEnumerable<Checkup> Look(string root = "/")
    {
        var version = typeof(MachineCheckups).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>();
        yield return new Checkup(Group, "program", version?.InformationalVersion ?? "");
        yield return new Checkup(Group, "runtime",
            $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}");
        yield return new Checkup(Group, "system", RuntimeInformation.OSDescription);
        yield return new Checkup(Group, "processor", string.Create(CultureInfo.InvariantCulture,
            $"{Environment.ProcessorCount} core(s), {Simd.Name}, kernels {KernelFamily.Best.Name}"));
        yield return Memory(root);
        foreach (Checkup gpu in Gpus())
            yield return gpu;
        yield return new Checkup(Group, "matrix products",
            $"{BlasChoice.Managed}; {Blas(BlasChoice.OpenBlas)}; {Blas(BlasChoice.Mkl)}");
        yield return Images();
        foreach (Checkup limit in Limits(root))
            yield return limit;
    }

    private static string Blas(string name) =>
        BlasLibrary.Find(name) is { } library ? $"{name}: {library.Description}" : $"{name}: not found";

    private static Checkup Memory(string root)
    {
        const string Free = "MemAvailable:";
        long all = MachineMemory.Bytes;
        long? free = Lines(Path.Combine(root, "proc/meminfo"))
            .Where(line => line.StartsWith(Free, StringComparison.Ordinal))
            .Select(line => (long?)Number(line[Free.Length..].Trim().Split(' ')[0]) << 10).FirstOrDefault();
        return new Checkup(Group, "memory", ByteText.Of(all)
            + (free is { } bytes ? $" in all, {ByteText.Of(Math.Min(bytes, all))} free" : ""))
        {
            Advice = free < LeastMemory ? "little is free: end other programs, or set compute.memory-limit" : "",
        };
    }

    private static IEnumerable<Checkup> Gpus()
    {
        // The loader of an interface, and the driver behind it, come with the system.
        bool cuda = HasLibrary("libcuda.so.1", "nvcuda"), openCl = HasLibrary("libOpenCL.so.1", "OpenCL");
        string drivers =
            $"CUDA driver {(cuda ? "found" : "not found")}, OpenCL loader {(openCl ? "found" : "not found")}";
        IReadOnlyList<GpuInfo> devices = GpuPlatform.Devices;
        if (!devices.Any(gpu => !gpu.IsCpu))
        {
            yield return new Checkup(Group, "accelerators", $"none ({drivers}); nets run on the CPU")
            {
                Advice = cuda ? "there is a CUDA driver but no device: see what nvidia-smi says" : "",
            };
        }

        foreach (GpuInfo gpu in devices)
        {
            yield return new Checkup(Group, $"gpu:{gpu.Number}",
                $"{gpu.Name}, {ByteText.Of(gpu.MemoryBytes)}, {gpu.Interface} {gpu.Revision}"
                + (gpu.IsCpu ? ", a CPU" : ""));
        }
    }

    private static Checkup Images()
    {
        const string Name = "image files";
        try
        {
            bool decoded = ImageDecoder.TryDecode(
                Convert.FromBase64String(Pixel), ColorMode.AsStored, new PixelBuffer(), out string error);
            return decoded ? new Checkup(Group, Name, "can be decoded") : Fail(error);
        }
        catch (Exception failure) when (failure is TypeInitializationException or DllNotFoundException)
        {
            return Fail((failure.InnerException ?? failure).Message);
        }

        static Checkup Fail(string why) => new(Group, Name, $"cannot be decoded: {why}")
        {
            Advice = "the native library libSkiaSharp is missing or does not fit this system; install the program anew",
            Broken = FailureKind.Internal,
        };
    }

    // Lines of a name, a soft and a hard limit and a unit, in columns.
    private static IEnumerable<Checkup> Limits(string root)
    {
        foreach (string line in Lines(Path.Combine(root, "proc/self/limits")))
        {
            string name = line.Length > 26 ? line[..26].Trim() : "";
            string soft = line.Length > 47 ? line[26..47].Trim() : "";
            if (name == "Max open files")
            {
                yield return new Checkup(Group, "open files at once", soft)
                {
                    Advice = Number(soft) is > 0 and < LeastFiles
                        ? $"few: allow more, as with ulimit -n {4 * LeastFiles}" : "",
                };
            }
            else if (name is "Max address space" or "Max data size" && soft != "unlimited")
            {
                yield return new Checkup(Group, name["Max ".Length..], ByteText.Of(Number(soft)))
                {
                    Advice = "the shell limits the program's memory; lift it with ulimit -v unlimited -d unlimited",
                };
            }
        }
    }

    private static bool HasLibrary(string onLinux, string elsewhere)
    {
        if (!NativeLibrary.TryLoad(OperatingSystem.IsLinux() ? onLinux : elsewhere, out nint handle))
            return false;
        NativeLibrary.Free(handle);
        return true;
    }

    private static long Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : 0;

    private static string[] Lines(string path) => File.Exists(path) ? File.ReadAllLines(path) : [];
}
