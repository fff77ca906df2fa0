using CaffeActors.Actors.Messages;

namespace CaffeActors.Actors.Metrics;

/// <summary>Watches a run: a live display, for one. Called on one thread at a time, never on the replica's.</summary>
public interface IRunObserver
{
    /// <summary>Where the run stands, some times a second.</summary>
    void OnProgress(Progress progress);

    /// <summary>The run is over; nothing more comes.</summary>
    void OnEnd();
}
