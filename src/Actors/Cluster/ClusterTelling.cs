using System.Globalization;
using CaffeActors.Actors.Cluster.Coordination;
using CaffeActors.Actors.Logging;

namespace CaffeActors.Actors.Cluster;

/// <summary>
/// Tells people of a run's nodes: the log, and the event log in the run's folder. Where it is not traced, commits in a
/// row are one line. Used on the coordinator's thread, but for what says otherwise.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="events">The coordinator's event log.</param>
internal sealed class ClusterTelling(RunLog log, EventLog events)
{

    /// <summary>The log.</summary>
    public RunLog Log => log;

    /// <summary>Something happened.</summary>
    /// <param name="what">What.</param>
    /// <param name="state">The coordinator.</param>
    public void Note(ClusterEvent what, CoordinatorState state)
    {
        events.Write(what);
        switch (what.Kind)
        {
            case ClusterEventKind.Committed:
                break;
            case ClusterEventKind.Lost or ClusterEventKind.Late:
                log.Warn($"Cluster: {what.Text}.");
                break;
            default:
                log.Info(string.Create(CultureInfo.InvariantCulture,
                    $"Cluster: {what.Text}{(what.Kind == ClusterEventKind.Froze ? $" (epoch {what.Epoch})" : "")}."));
                break;
        }
    }

    /// <summary>Time has passed.</summary>
    public void Flush() => events.Flush();
}
