using System.CommandLine;
using CaffeActors.Actors.Devices;

namespace CaffeActors.Cli;

/// <summary>The flags that name one device: <c>--device</c>, and Caffe's <c>--gpu</c>.</summary>
internal static class DeviceOptions
{
    /// <summary>A flag <c>--device</c>.</summary>
    /// <param name="description">For help.</param>
    public static Option<string> Device(string description = "Where to compute: cpu or gpu:N.") =>
        new("--device") { Description = description, DefaultValueFactory = static _ => "cpu" };

    /// <summary>A flag <c>--gpu</c> of a command that computes on one device.</summary>
    public static Option<string> Gpu() =>
        new("--gpu") { Description = "GPU to run on, by id; of several, or of all, the first. Default: the CPU." };

    /// <summary>What <c>--device</c> was given.</summary>
    public static string Of(ParseResult arguments, Option<string> device) =>
        DeviceOpener.Parse(arguments.GetValue(device)!, device.Name).ToString();

    /// <summary>What <c>--gpu</c> was given.</summary>
    /// <param name="text">Ids, <c>all</c>, or nothing for the CPU.</param>
    /// <param name="origin">The flag, for errors.</param>
    public static string OfGpu(string? text, string origin) => string.IsNullOrEmpty(text)
        ? DeviceId.FirstCpu.ToString() : DeviceOpener.OfGpus(text, origin)[0].ToString();
}
