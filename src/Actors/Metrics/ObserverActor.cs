using Akka.Actor;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Data.Metrics;

namespace CaffeActors.Actors.Metrics;

/// <summary>
/// Takes in what a run tells: metric rows go to part files, progress to whoever watches. What it cannot write it
/// tells once and counts: metrics never stop a training run.
/// </summary>
internal sealed class ObserverActor : UntypedActor, IWithTimers
{
    private readonly ParquetMetricSink _metrics;
    private readonly List<IRunObserver> _observers;
    private readonly RunLog _log;
    private int _failures;

    public ObserverActor(ParquetMetricSink metrics, IReadOnlyList<IRunObserver> observers, RunLog log)
    {
        _metrics = metrics;
        _observers = [.. observers];
        _log = log;
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(ParquetMetricSink metrics, IReadOnlyList<IRunObserver> observers, RunLog log) =>
        Akka.Actor.Props.Create(() => new ObserverActor(metrics, observers, log));

    // Often enough that no part stays open much longer than its interval.
    protected override void PreStart() =>
        Timers.StartPeriodicTimer("flush", FlushDue.Instance, TimeSpan.FromSeconds(1));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case MetricRow row:
                Guard(metrics => metrics.Add(row));
                break;
            case Progress progress:
                Show(observer => observer.OnProgress(progress));
                break;
            case FlushDue:
                Guard(static metrics => metrics.FlushIfDue());
                break;
            case FlushMetrics flush:
                Guard(static metrics => metrics.Flush());
                flush.Writer.Forward(flush.Snapshot);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    // Whatever ended the run, what was told is written.
    protected override void PostStop()
    {
        Guard(static metrics => metrics.Flush());
        Show(static observer => observer.OnEnd());
        if (_failures > 1)
            _log.Warn($"Metrics could not be written {_failures} times.");
    }

    private void Guard(Action<ParquetMetricSink> write)
    {
        try
        {
            write(_metrics);
        }
#pragma warning disable CA1031 // Whatever a disk or a display throws, training goes on.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            if (++_failures == 1)
                _log.Warn($"{failure.Message}; training goes on, and writing is tried again.");
        }
    }

    private void Show(Action<IRunObserver> show) => _observers.RemoveAll(observer =>
    {
        try
        {
            show(observer);
            return false;
        }
#pragma warning disable CA1031 // As above.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _log.Warn($"The display failed and is left out from here on: {failure.Message}");
            return true;
        }
    });

    private sealed class FlushDue
    {
        public static readonly FlushDue Instance = new();
    }
}
