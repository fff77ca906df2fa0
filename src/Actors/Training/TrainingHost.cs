using Akka.Actor;
using Akka.Configuration;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Data.Runs;

namespace CaffeActors.Actors.Training;

/// <summary>
/// Carries out one run: builds it, starts its actor system, ends both in order. Requests to stop or to write a
/// snapshot may come from any thread at any time.
/// </summary>
public sealed class TrainingHost : ITrainingHost
{
    private readonly RunPlan _plan;
    private readonly LayerCatalog _catalog;
    private readonly RunLog _log;
    private readonly TimeProvider _time;
    private readonly IReadOnlyList<IRunObserver> _observers;
    private readonly Lock _lock = new();
    private readonly List<RunRequest> _early = [];
    private IActorRef? _run;
    private bool _stopped;

    /// <summary>Prepares a host; nothing is opened yet.</summary>
    /// <param name="plan">What to run.</param>
    /// <param name="catalog">The layer types.</param>
    /// <param name="log">The log.</param>
    /// <param name="time">The clock.</param>
    /// <param name="observers">Who watches.</param>
    public TrainingHost(
        RunPlan plan, LayerCatalog catalog, RunLog log, TimeProvider time, params IReadOnlyList<IRunObserver> observers)
    {
        _plan = plan;
        _catalog = catalog;
        _log = log;
        _time = time;
        _observers = observers;
    }

    /// <summary>The run's folder, once it is open; that of the newest where all runs to resume are finished.</summary>
    public string? RunFolder { get; private set; }

    /// <summary>Asks the run for something; a request before its start is kept.</summary>
    public void Request(RunRequest request)
    {
        lock (_lock)
        {
            _stopped |= request != RunRequest.Snapshot;
            if (_run is null)
                _early.Add(request);
            else
                _run.Tell(request);
        }
    }

    /// <summary>Runs until the end.</summary>
    /// <param name="exitCodeOf">The exit code of an outcome, for the run's manifest.</param>
    /// <returns>How it ended; finished at once where all runs to resume are finished. A finished run that misses a
    /// threshold of acceptance has a failure.</returns>
    /// <exception cref="CaffeException">The run could not begin.</exception>
    public async Task<RunOutcome> RunAsync(Func<RunOutcome, int> exitCodeOf)
    {
        try
        {
            long started = _time.GetTimestamp();
            for (Rollback? rollback = null; ;)
            {
                // A run that goes back has used up some of its time.
                RunPlan plan = rollback is null ? _plan
                    : _plan with { TimeBudget = _plan.TimeBudget - _time.GetElapsedTime(started) };
                (TrainingRun? run, RunRecord? finished) =
                    TrainingRunBuilder.Build(plan, _catalog, _log, _time, rollback);
                RunFolder = finished?.Path ?? run!.Folder.Path;
                if (run is null)
                {
                    return Acceptance.Judge(
                        _plan, new RunOutcome(RunEnd.Finished, _plan.Solver.MaxIter), RunFolder, _log, _time);
                }

                Task stopped = Task.CompletedTask;
                try
                {
                    (RunOutcome outcome, stopped) = await CarryOutAsync(run);
                    rollback = WasStopped() || !stopped.IsCompleted ? null : Rollback.After(outcome, run);
                    if (rollback is null)
                        return RunEnding.Write(run, outcome, exitCodeOf, _log, _time);
                    RunEnding.CountLosses(run, lostLines: 0);
                }
                finally
                {
                    await ReleaseAsync(run, stopped);
                }
            }
        }
        finally
        {
            // What the caller says of the end comes after the run's own lines.
            _log.Flush();
        }
    }

    // Whoever still reads or computes may use the nets; the folder is free for the next start.
    private static async Task ReleaseAsync(TrainingRun run, Task stopped)
    {
        run.Folder.Dispose();
        Task released = stopped.ContinueWith(_ => run.Dispose(), TaskScheduler.Default);
        if (stopped.IsCompleted)
            await released;
    }

    // How the run ended, and when nobody touches its nets any more.
    private async Task<(RunOutcome Outcome, Task Stopped)> CarryOutAsync(TrainingRun run)
    {
        WatcherThread[] watchers = [.. _observers.Select(observer => new WatcherThread(observer, _log))];
        ActorSession session = ActorSession.Start(
            _plan, _log, run.Replicas.Threads, _time, over => RunActor.Props(run, watchers, over));
        lock (_lock)
        {
            _run = session.Top;
            foreach (RunRequest request in _early)
                session.Top.Tell(request);
            _early.Clear();
        }

        RunOutcome outcome = await session.Over;
        lock (_lock)
            _run = null;
        return (outcome, await session.StopAsync());
    }

    // A run that is to stop does not begin anew.
    private bool WasStopped()
    {
        lock (_lock)
            return _stopped;
    }
}
