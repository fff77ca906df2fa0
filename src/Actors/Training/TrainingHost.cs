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
    // How long reads and computations that are under way at a run's end are waited for.
    private static readonly TimeSpan EndGrace = TimeSpan.FromSeconds(30);

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
                    return Judge(new RunOutcome(RunEnd.Finished, _plan.Solver.MaxIter));
                Task stopped = Task.CompletedTask;
                try
                {
                    (RunOutcome outcome, stopped) = await CarryOutAsync(run);
                    rollback = WasStopped() || !stopped.IsCompleted ? null : Rollback.After(outcome, run);
                    if (rollback is null)
                    {
                        outcome = Judge(outcome);
                        WriteEnd(run, outcome, exitCodeOf(outcome));
                        return outcome;
                    }

                    CountLosses(run, lostLines: 0);
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

    private RunOutcome Judge(RunOutcome outcome) => Acceptance.Judge(_plan, outcome, RunFolder!, _log, _time);

    // What the run did stands, whether or not this can be written down.
    private void WriteEnd(TrainingRun run, RunOutcome outcome, int exitCode)
    {
        if (outcome.Failure is { } cause)
            _log.End(cause);
        try
        {
            CountLosses(run, _log.LostConsoleLines);
            run.Folder.End(StateOf(outcome.End), exitCode, outcome.Iteration);
        }
        catch (CaffeException failure)
        {
            _log.Warn($"The run's manifest does not tell of its end: {failure.Message}");
        }
    }

    private static void CountLosses(TrainingRun run, long lostLines)
    {
        long lostRows = run.Metrics.LostRows + run.Metrics.BufferedRows;
        if (run.MetricFailures + lostRows + lostLines == 0)
            return;
        run.Folder.Update(manifest => manifest with
        {
            MetricFailures = manifest.MetricFailures + run.MetricFailures,
            LostMetricRows = manifest.LostMetricRows + lostRows,
            LostConsoleLines = manifest.LostConsoleLines + lostLines,
        });
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
        string name = $"caffeactors-{Guid.NewGuid():N}";
        Config config = ConfigurationFactory.ParseString(Dispatchers.Configuration(run.Replicas.Threads));
        if (_plan.AkkaConfig.Length > 0)
            config = ConfigurationFactory.ParseString($"akka {{ {_plan.AkkaConfig} }}").WithFallback(config);
        var system = ActorSystem.Create(name, BootstrapSetup.Create().WithConfig(config).And(new RunLogSetup(_log)));
        var over = new TaskCompletionSource<RunOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        WatcherThread[] watchers = [.. _observers.Select(observer => new WatcherThread(observer, _log))];
        IActorRef actor = system.ActorOf(RunActor.Props(run, watchers, over), "run");
        // However the system comes to end, the run is stopped first, with its snapshot.
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "stop-run", async () =>
        {
            if (!over.Task.IsCompleted)
                actor.Tell(RunRequest.StopWithSnapshot);
            await over.Task;
            return Akka.Done.Instance;
        });
        lock (_lock)
        {
            _run = actor;
            foreach (RunRequest request in _early)
                actor.Tell(request);
            _early.Clear();
        }

        RunOutcome outcome = await over.Task;
        lock (_lock)
            _run = null;
        Task stopped = StopAsync(system);
        TimeSpan grace = RunFailures.IsLongWait(outcome.Failure) ? TimeSpan.Zero : EndGrace;
        if (await Task.WhenAny(stopped, Task.Delay(grace, _time)) != stopped)
            _log.Warn("Something still reads data or computes; the run ends without it.");
        return (outcome, stopped);
    }

    private static async Task StopAsync(ActorSystem system)
    {
        await CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ClrExitReason.Instance);
        await system.WhenTerminated;
        system.Dispose();
    }

    // A run that is to stop does not begin anew.
    private bool WasStopped()
    {
        lock (_lock)
            return _stopped;
    }

    private static RunState StateOf(RunEnd end) => end switch
    {
        RunEnd.Finished => RunState.Finished,
        RunEnd.Stopped => RunState.Stopped,
        _ => RunState.Failed,
    };
}
