using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Metrics;
using CaffeActors.Live.History;

namespace CaffeActors.Live;

/// <summary>
/// A run as those who look at it see it: filled by the run's watcher, read by the server. Thread-safe; memory is
/// bounded, however long the run.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class LiveRun(TimeProvider time) : IRunObserver
{
    /// <summary>The most events that are kept, the newest ones.</summary>
    public const int MostEvents = 200;

    private const string Running = "running";

    private readonly Lock _lock = new();
    private readonly LiveHistory _history = new();
    private readonly Queue<(long Number, RunEvent Event)> _events = new();
    private readonly ProcessUse _use = new(time);
    private RunInsight? _run;
    private Progress? _progress;
    private DateTimeOffset _began;
    private long _eventNumber;
    private string _state = "starting";

    /// <inheritdoc/>
    public void OnBegin(RunInsight run)
    {
        IReadOnlyList<MetricRow> before = RowsBefore(run);
        lock (_lock)
        {
            _run = run;
            _state = Running;
            _began = time.GetUtcNow();
            _history.Clear();
            foreach (MetricRow row in before)
                _history.Add(row);
        }
    }

    /// <inheritdoc/>
    public void OnProgress(Progress progress)
    {
        DateTimeOffset now = time.GetUtcNow();
        lock (_lock)
        {
            _progress = progress;
            _history.Add(Now("loss", progress.Loss));
            _history.Add(Now("images_per_second", progress.ImagesPerSecond));
        }

        MetricRow Now(string name, double value) =>
            new(progress.Iteration, null, LiveCharts.Progress, name, value, now, 0, 0);
    }

    /// <inheritdoc/>
    public void OnRow(in MetricRow row)
    {
        lock (_lock)
            _history.Add(row);
    }

    /// <inheritdoc/>
    public void OnEvent(RunEvent what)
    {
        lock (_lock)
        {
            _events.Enqueue((++_eventNumber, what));
            if (_events.Count > MostEvents)
                _events.Dequeue();
        }
    }

    /// <inheritdoc/>
    public void OnEnd()
    {
        lock (_lock)
            _state = "ending";
    }

    /// <summary>A line of the log that the user should look at.</summary>
    public void OnWarning(string text, bool isError)
    {
        lock (_lock)
        {
            OnEvent(new RunEvent(time.GetUtcNow(), _run?.Iteration ?? 0,
                isError ? RunEventKind.Error : RunEventKind.Warning, text));
        }
    }

    /// <summary>All is over.</summary>
    public void Finish(RunOutcome outcome)
    {
        lock (_lock)
            _state = outcome.Failure is not null ? "failed"
                : outcome.End == RunEnd.Finished ? "finished" : "stopped";
    }

    /// <summary>What is to be shown to somebody who has seen a part of it.</summary>
    /// <param name="seenPoints">The greatest number of a point seen, 0 for none.</param>
    /// <param name="seenEvents">The greatest number of an event seen, 0 for none.</param>
    public LiveState Take(long seenPoints, long seenEvents)
    {
        lock (_lock)
        {
            // Numbers of another process: whoever asks has seen an older run here.
            if (seenPoints > _history.Newest || seenEvents > _eventNumber)
                (seenPoints, seenEvents) = (0, 0);
            return new LiveState
            {
                State = _state,
                Run = _run is null ? null : LiveIdentity.Of(_run, _began),
                Progress = _progress is null ? null : LiveProgress.Of(_progress, _run),
                Newest = _history.Newest,
                Curves = [.. _history.Curves.Select(curve => LiveCurveState.Of(curve, seenPoints))
                    .OfType<LiveCurveState>()],
                Layers = [.. _history.Layers],
                // At the end they stop, and their nets go.
                Actors = _run is null || _state != Running ? [] : [.. _run.Actors().Select(LiveActor.Of)],
                Process = _use.Take(),
                NewestEvent = _eventNumber,
                Events = [.. _events.Where(item => item.Number > seenEvents).Select(item => LiveEvent.Of(item.Event))],
            };
        }
    }

    // A run that goes on, or goes back, is seen with what it measured before.
    private List<MetricRow> RowsBefore(RunInsight run)
    {
        if (run.StartIteration == 0)
            return [];
        try
        {
            return [.. MetricReader.Read(run.MetricsFolder).Where(row =>
                row.Step <= run.StartIteration && row.Segment < run.Segment)];
        }
        catch (CaffeException failure)
        {
            OnWarning($"The curves begin here: {failure.Message}", isError: false);
            return [];
        }
    }
}
