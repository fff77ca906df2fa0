using Akka.Actor;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Training;
using CaffeActors.Data.Metrics;

namespace CaffeActors.Actors.Metrics;

/// <summary>
/// Takes in what a run tells: metric rows go to part files, progress to whoever watches. What it cannot write it
/// tells once and counts, in the log and the run's manifest: metrics never stop a training run.
/// </summary>
internal sealed class ObserverActor : UntypedActor, IWithTimers
{
    private readonly TrainingRun _run;
    private readonly IReadOnlyList<WatcherThread> _watchers;
    private bool _failing;

    public ObserverActor(TrainingRun run, IReadOnlyList<WatcherThread> watchers)
    {
        _run = run;
        _watchers = watchers;
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private RunLog Log => _run.Log;

    public static Props Props(TrainingRun run, IReadOnlyList<WatcherThread> watchers) =>
        Akka.Actor.Props.Create(() => new ObserverActor(run, watchers));

    // Often enough that no part stays open much longer than its interval.
    protected override void PreStart() =>
        Timers.StartPeriodicTimer("flush", FlushDue.Instance, TimeSpan.FromSeconds(1));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case MetricRow row:
                Guard(metrics => metrics.Add(row));
                TrainingMeter.Row(row);
                TellWatchers(message);
                break;
            case Progress or RunEvent or RunInsight:
                TellWatchers(message);
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

    // Whatever ended the run, what was told is written; once more where the folder had to be made again.
    protected override void PostStop()
    {
        Guard(static metrics => metrics.Flush());
        if (_run.Metrics.BufferedRows > 0)
            Guard(static metrics => metrics.Flush());
        foreach (WatcherThread watcher in _watchers)
            watcher.OnEnd();
        long lost = _run.Metrics.LostRows + _run.Metrics.BufferedRows;
        if (_run.MetricFailures > 0)
        {
            Log.Warn($"Metrics could not be written {_run.MetricFailures} time(s)"
                + (lost > 0 ? $"; {lost} row(s) are lost." : "; the rows were written later."));
        }
    }

    private void TellWatchers(object message)
    {
        foreach (WatcherThread watcher in _watchers)
            watcher.Tell(message);
    }

    private void Guard(Action<ParquetMetricSink> write)
    {
        try
        {
            int before = _run.Metrics.BufferedRows;
            write(_run.Metrics);
            if (_failing && _run.Metrics.BufferedRows < before)
            {
                _failing = false;
                Log.Info("Metrics are written again.");
            }
        }
#pragma warning disable CA1031 // Whatever a disk throws, training goes on.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            if (++_run.MetricFailures == 1)
                Log.Warn($"{failure.Message}; training goes on, and writing is tried again.");
            _failing = true;
        }
    }

    private sealed class FlushDue
    {
        public static readonly FlushDue Instance = new();
    }
}
