using CaffeActors.Actors.Messages;
using CaffeActors.Data.Metrics;

namespace CaffeActors.Actors.Metrics;

/// <summary>Watches a run: a live display, for one. Called on one thread at a time, never on the replica's.</summary>
public interface IRunObserver
{
    /// <summary>A run begins. One that goes back after a divergence ends and begins again.</summary>
    void OnBegin(RunInsight run)
    {
    }

    /// <summary>Where the run stands, some times a second.</summary>
    void OnProgress(Progress progress);

    /// <summary>A value was measured; each is told as it is written to the run's files. Who is far behind misses
    /// some.</summary>
    void OnRow(in MetricRow row)
    {
    }

    /// <summary>Something happened. Who is far behind misses some.</summary>
    void OnEvent(RunEvent what)
    {
    }

    /// <summary>The run is over; nothing more comes.</summary>
    void OnEnd();
}
