using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;

namespace CaffeActors.Actors.Training;

/// <summary>An actor system that trains, from its start until nobody touches its nets any more.</summary>
internal sealed class ActorSession
{
    // How long reads and computations that are under way at its end are waited for.
    private static readonly TimeSpan EndGrace = TimeSpan.FromSeconds(30);

    private readonly ActorSystem _system;
    private readonly RunLog _log;
    private readonly TimeProvider _time;

    private ActorSession(ActorSystem system, IActorRef top, Task<RunOutcome> over, RunLog log, TimeProvider time)
    {
        (_system, Top, Over, _log, _time) = (system, top, over, log, time);
    }

    /// <summary>The parent of all.</summary>
    public IActorRef Top { get; }

    /// <summary>How it ends, once its files are written.</summary>
    public Task<RunOutcome> Over { get; }

    /// <summary>Starts it.</summary>
    /// <param name="plan">What to run.</param>
    /// <param name="log">The log.</param>
    /// <param name="threads">Threads on which replicas' actors live.</param>
    /// <param name="time">The clock.</param>
    /// <param name="top">Props of the parent of all, which completes what it is given with the outcome.</param>
    public static ActorSession Start(
        RunPlan plan, RunLog log, int threads, TimeProvider time, Func<TaskCompletionSource<RunOutcome>, Props> top)
    {
        Config config = ConfigurationFactory.ParseString(Dispatchers.Configuration(threads));
        if (plan.AkkaConfig.Length > 0)
            config = ConfigurationFactory.ParseString($"akka {{ {plan.AkkaConfig} }}").WithFallback(config);
        var system = ActorSystem.Create(
            $"caffeactors-{Guid.NewGuid():N}",
            BootstrapSetup.Create().WithConfig(config).And(new RunLogSetup(log)));
        var over = new TaskCompletionSource<RunOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        IActorRef actor = system.ActorOf(top(over), "run");
        // However the system comes to end, the run is stopped first, with its snapshot.
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "stop-run", async () =>
        {
            if (!over.Task.IsCompleted)
                actor.Tell(RunRequest.StopWithSnapshot);
            await over.Task;
            return Akka.Done.Instance;
        });
        return new ActorSession(system, actor, over.Task, log, time);
    }

    /// <summary>Ends it, once it is over. Who reads or computes is waited for, but not for ever.</summary>
    /// <returns>Complete when nobody touches the nets any more.</returns>
    public async Task<Task> StopAsync()
    {
        Task stopped = TerminateAsync();
        RunOutcome outcome = await Over;
        TimeSpan grace = RunFailures.IsLongWait(outcome.Failure) ? TimeSpan.Zero : EndGrace;
        if (await Task.WhenAny(stopped, Task.Delay(grace, _time)) != stopped)
            _log.Warn("Something still reads data or computes; the run ends without it.");
        return stopped;
    }

    private async Task TerminateAsync()
    {
        await CoordinatedShutdown.Get(_system).Run(CoordinatedShutdown.ClrExitReason.Instance);
        await _system.WhenTerminated;
        _system.Dispose();
    }
}
