using System.CommandLine;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Cli.Commands;

/// <summary>Lists the devices a net can run on.</summary>
[Verb("device_query", "Show the devices that nets can run on.", "caffeactors device_query", TakesGflags =
    true)]
internal sealed class DeviceQueryCommand : VerbCommand
{
    private readonly Option<string> _gpu = new("--gpu") { Description = "Device ids, comma-separated, or all." };

    public override void Define(Command command)
    {
        command.Options.Add(_gpu);
        GlogFlags.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        if (arguments.GetValue(_gpu) is { Length: > 0 } gpus and not "all")
        {
            throw new CaffeException(ErrorCodes.DeviceFailed, FailureKind.Device,
                $"there is no GPU {gpus}: this build computes on the CPU; leave --gpu out");
        }

        TextWriter result = terminal.Out;
        result.WriteLine("Device id:                     cpu");
        result.WriteLine($"Name:                          {RuntimeInformation.ProcessArchitecture}, "
            + $"{RuntimeInformation.OSDescription}");
        result.WriteLine($"Cores:                         {Environment.ProcessorCount}");
        result.WriteLine($"Total memory:                  {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes} bytes");
        result.WriteLine($"SIMD:                          {Simd()}");
        result.WriteLine("BLAS:                          managed");
        return Task.FromResult(ExitCodes.Done);
    }

    private static string Simd() =>
        Vector512.IsHardwareAccelerated ? "AVX-512 (512-bit vectors)"
        : Avx2.IsSupported ? "AVX2 (256-bit vectors)"
        : Vector128.IsHardwareAccelerated ? "128-bit vectors"
        : "none";
}
