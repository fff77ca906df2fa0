using Akka.Actor;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Metrics;

namespace CaffeActors.Actors.Metrics;

/// <summary>
/// Takes in what a run tells: metric rows go to part files, progress to whoever watches. What it cannot write it
/// tells once and counts: metrics never stop a training run.
/// </summary>
internal sealed class ObserverActor : UntypedActor, IWithTimers
{
    private readonly ParquetMetricSink? _metrics;
    private readonly IReadOnlyList<IRunObserver> _observers;
    private readonly RunLog _log;
    private int _failures;

    public ObserverActor(ParquetMetricSink? metrics, IReadOnlyList<IRunObserver> observers, RunLog log)
    {
        _metrics = metrics;
        _observers = observers;
        _log = log;
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(ParquetMetricSink? metrics, IReadOnlyList<IRunObserver> observers, RunLog log) =>
        Akka.Actor.Props.Create(() => new ObserverActor(metrics, observers, log));

    protected override void PreStart()
    {
        // Often enough that no part stays open much longer than its interval.
        if (_metrics is not null)
            Timers.StartPeriodicTimer("flush", FlushDue.Instance, TimeSpan.FromSeconds(1));
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case MetricRow row:
                Guard(metrics => metrics.Add(row));
                break;
            case Progress progress:
                foreach (IRunObserver observer in _observers)
                    observer.OnProgress(progress);
                break;
            case FlushDue:
                Guard(static metrics => metrics.FlushIfDue());
                break;
            case FlushMetrics:
                Guard(static metrics => metrics.Flush());
                break;
            case CloseObservers:
                Close();
                Sender.Tell(ObserversClosed.Instance);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Close()
    {
        Timers.CancelAll();
        Guard(static metrics => metrics.Flush());
        foreach (IRunObserver observer in _observers)
            observer.OnEnd();
        if (_failures > 1)
            _log.Warn($"Metrics could not be written {_failures} times.");
    }

    private void Guard(Action<ParquetMetricSink> write)
    {
        if (_metrics is null)
            return;
        try
        {
            write(_metrics);
        }
        catch (CaffeException failure)
        {
            if (++_failures == 1)
                _log.Warn($"{failure.Message}; training goes on, and writing is tried again.");
        }
    }

    private sealed class FlushDue
    {
        public static readonly FlushDue Instance = new();
    }
}
