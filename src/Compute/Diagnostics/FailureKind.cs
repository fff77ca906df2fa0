namespace CaffeActors.Compute.Diagnostics;

/// <summary>What went wrong, as far as the caller of the program is concerned: each kind has an exit code.</summary>
public enum FailureKind
{
    /// <summary>A fault of the program's own (exit code 1).</summary>
    Internal,

    /// <summary>A command line, net, solver or run configuration that cannot work (exit code 2).</summary>
    Configuration,

    /// <summary>There is nothing valid to resume (exit code 4).</summary>
    NothingToResume,

    /// <summary>Training data, weights or a run's files cannot be read or written (exit code 5).</summary>
    Data,

    /// <summary>NaN or infinity in a loss, gradient or activation (exit code 6).</summary>
    Diverged,

    /// <summary>A device is missing, failed or out of memory (exit code 7).</summary>
    Device,

    /// <summary>A finished run whose numbers are not what its configuration accepts (exit code 6).</summary>
    Unaccepted,

    /// <summary>Too few nodes of a cluster are left, or this one may not go on (exit code 8).</summary>
    Cluster,
}
