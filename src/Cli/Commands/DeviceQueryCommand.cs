using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Logging;
using CaffeActors.Compute.Backends.Cpu.Blas;
using CaffeActors.Compute.Backends.Cpu.Gemm;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Data.Tools;

namespace CaffeActors.Cli.Commands;

/// <summary>Lists the devices a net can run on.</summary>
[Verb("device_query", "Show the devices that nets can run on.", "caffeactors device_query", TakesGflags =
    true)]
internal sealed class DeviceQueryCommand : VerbCommand
{
    private const string All = "all";

    private readonly Option<string> _gpu = new("--gpu")
    {
        Description = "Ids of GPUs, comma-separated; all, the default, shows the CPU and every GPU.",
    };

    public override void Define(Command command)
    {
        command.Options.Add(_gpu);
        GlogFlags.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        string wanted = arguments.GetValue(_gpu) is { Length: > 0 } given ? given : All;
        using RunLog log = GlogFlags.OpenLog(arguments, terminal.Error, "device-query");
        log.Info($"Querying GPUs {wanted}");
        if (wanted == All)
        {
            TellCpu(terminal.Out);
            foreach (GpuInfo gpu in GpuPlatform.Devices)
                TellGpu(gpu, terminal.Out);
            return Task.FromResult(ExitCodes.Done);
        }

        // All are looked for before one is told of.
        GpuInfo[] gpus = [.. DeviceOpener.OfGpus(wanted, _gpu.Name).Select(device =>
            GpuPlatform.Devices.ElementAtOrDefault(device.Number) ?? throw GpuPlatform.Missing(device.Number))];
        foreach (GpuInfo gpu in gpus)
            TellGpu(gpu, terminal.Out);
        return Task.FromResult(ExitCodes.Done);
    }

    private static void TellCpu(TextWriter result)
    {
        Tell(result, "Device id", "cpu");
        Tell(result, "Name", $"{RuntimeInformation.ProcessArchitecture}, {RuntimeInformation.OSDescription}");
        Tell(result, "Cores", Environment.ProcessorCount);
        Tell(result, "Total memory", $"{MachineMemory.Bytes} bytes");
        Tell(result, "SIMD", Simd.Name);
        Tell(result, "Kernels", KernelFamily.Best.Name);
        Tell(result, "BLAS", $"{BlasChoice.Managed} (compute.blas)");
        foreach (string name in (string[])[BlasChoice.OpenBlas, BlasChoice.Mkl])
        {
            Tell(result, $"BLAS, {name}", BlasLibrary.Find(name) is { } library
                ? $"{library.Description}; {library.Path}" : "not found");
        }

        Tell(result, "BLAS, auto", BlasChoice.Settle(BlasChoice.Auto, kept: null));
    }

    // Caffe's names and units, then what it does not tell.
    private static void TellGpu(GpuInfo gpu, TextWriter result)
    {
        result.WriteLine();
        Tell(result, "Device id", gpu.Number);
        string[] revision = gpu.Revision.Split('.');
        if (revision is [var major, var minor])
        {
            Tell(result, "Major revision number", major);
            Tell(result, "Minor revision number", minor);
        }

        Tell(result, "Name", gpu.Name);
        Tell(result, "Total global memory", gpu.MemoryBytes);
        Tell(result, "Total shared memory per block", gpu.SharedBytes);
        Tell(result, "Warp size", gpu.WarpSize);
        Tell(result, "Maximum threads per block", gpu.MaxGroupSize);
        Tell(result, "Maximum dimension of block", gpu.MaxGroupShape);
        Tell(result, "Maximum dimension of grid", gpu.MaxGridShape);
        Tell(result, "Clock rate", gpu.ClockMegahertz * 1000L);
        Tell(result, "Total constant memory", gpu.ConstantBytes);
        Tell(result, "Number of multiprocessors", gpu.Multiprocessors);
        foreach ((string name, string value) in gpu.Details)
            Tell(result, name, value);
        Tell(result, "Interface", gpu.Interface);
        if (gpu.IsCpu)
            Tell(result, "Kind", "a CPU behind a GPU's interface; used only when it is asked for");
    }

    private static void Tell(TextWriter result, string name, object value) =>
        result.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name + ":",-30} {value}"));
}
