using System.Globalization;
using CaffeActors.Actors.Cluster.Coordination;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Metrics;

namespace CaffeActors.Actors.Cluster;

/// <summary>
/// Tells people of a run's nodes: the log, and the event log in the run's folder. Where it is not traced, commits in a
/// row are one line. Used on the coordinator's thread, but for what says otherwise.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="events">The coordinator's event log.</param>
/// <param name="times">What nodes tell of their times.</param>
/// <param name="observe">Hears what whoever watches the run hears.</param>
internal sealed class ClusterTelling(
    RunLog log, EventLog events, StragglerTable times, Action<RunEventKind, string> observe)
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
                times.Add(state.View.Members, state.Ledger.Reduced);
                break;
            case ClusterEventKind.Lost or ClusterEventKind.Late:
                log.Warn($"Cluster: {what.Text}.");
                observe(RunEventKind.Cluster, what.Text);
                break;
            default:
                observe(RunEventKind.Cluster, what.Text);
                log.Info(string.Create(CultureInfo.InvariantCulture,
                    $"Cluster: {what.Text}{(what.Kind == ClusterEventKind.Froze ? $" (epoch {what.Epoch})" : "")}."));
                break;
        }
    }

    /// <summary>Time has passed.</summary>
    public void Flush() => events.Flush();
}
