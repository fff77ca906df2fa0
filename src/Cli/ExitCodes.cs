using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Cli;

/// <summary>What the program's exit codes mean. Scripts and pipelines rely on them.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int Unexpected = 1;
    public const int Configuration = 2;
    public const int StoppedResumable = 3;
    public const int NothingToResume = 4;
    public const int Data = 5;
    public const int Diverged = 6;
    public const int Device = 7;
    public const int Cluster = 8;
    public const int SecondInterrupt = 130;

    /// <summary>What each means, for help.</summary>
    public static IReadOnlyList<(int Code, string Meaning)> Meanings { get; } =
    [
        (Done, "done"),
        (Unexpected, "unexpected: a fault of the program"),
        (Configuration, "wrong usage or configuration"),
        (StoppedResumable, "stopped early and resumable: a time budget, SIGINT or SIGTERM"),
        (NothingToResume, "nothing valid to resume"),
        (Data, "the data, a file or a disk"),
        (Diverged, "diverged (NaN or infinity), or finished below its acceptance thresholds"),
        (Device, "a device"),
        (Cluster, "too few nodes of a cluster, or no answer from it"),
        (SecondInterrupt, "interrupted a second time"),
    ];

    /// <summary>The exit code of a failure.</summary>
    public static int Of(FailureKind kind) => kind switch
    {
        FailureKind.Configuration => Configuration,
        FailureKind.NothingToResume => NothingToResume,
        FailureKind.Data => Data,
        // Either way the numbers are no good, and the same again gives the same: a person has to change something.
        FailureKind.Diverged or FailureKind.Unaccepted => Diverged,
        FailureKind.Device => Device,
        FailureKind.Cluster => Cluster,
        _ => Unexpected,
    };
}
