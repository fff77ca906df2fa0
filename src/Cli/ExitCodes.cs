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
    public const int SecondInterrupt = 130;

    /// <summary>The exit code of a failure.</summary>
    public static int Of(FailureKind kind) => kind switch
    {
        FailureKind.Configuration => Configuration,
        FailureKind.NothingToResume => NothingToResume,
        FailureKind.Data => Data,
        FailureKind.Diverged => Diverged,
        FailureKind.Device => Device,
        _ => Unexpected,
    };
}
