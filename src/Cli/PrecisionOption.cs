using System.CommandLine;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Cli;

/// <summary>The flag that says how blobs are kept.</summary>
internal static class PrecisionOption
{
    /// <summary>Makes the flag, for one command.</summary>
    public static Option<string> Make() => new("--precision")
    {
        Description = "How data and gradients of blobs are kept where the net does not say: fp32, fp16 or bf16.",
    };

    /// <summary>What was given; null for nothing.</summary>
    public static StorageType? Of(ParseResult arguments, Option<string> option) =>
        arguments.GetValue(option) is { } text ? StorageNames.Parse(text, "--precision") : null;
}
