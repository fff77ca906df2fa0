using CaffeActors.Actors.Messages;

namespace CaffeActors.Actors.Training;

/// <summary>
/// Files by which a run is asked for something where there are no signals: made, empty or not, in the run's folder;
/// taken away once the run has done what they ask for.
/// </summary>
public static class RequestFiles
{
    /// <summary>Asks for a snapshot; training goes on.</summary>
    public const string Snapshot = "REQUEST_SNAPSHOT";

    /// <summary>Asks for a snapshot and the end of the run, as SIGTERM does.</summary>
    public const string Stop = "REQUEST_STOP";

    /// <summary>The files and what they ask for.</summary>
    internal static IReadOnlyList<(string Name, RunRequest Request)> All { get; } =
        [(Snapshot, RunRequest.Snapshot), (Stop, RunRequest.StopWithSnapshot)];
}
