using System.Diagnostics;
using Akka.Actor;

namespace CaffeActors.Actors.Metrics;

/// <summary>
/// What an actor is doing, told by the actor and read from any thread. Telling is three writes, so an actor tells it
/// whether or not somebody looks.
/// </summary>
/// <param name="name">Which actor, for people.</param>
internal sealed class ActorActivity(string name)
{
    /// <summary>It waits for a message.</summary>
    public const string Idle = "idle";

    private volatile string _doing = Idle;
    private volatile IActorRef _actor = ActorRefs.Nobody;
    private long _since = Stopwatch.GetTimestamp();
    private ulong _changes;

    /// <summary>How often it began something else.</summary>
    public ulong Changes => Volatile.Read(ref _changes);

    /// <summary>What it does.</summary>
    public string Doing => _doing;

    /// <summary>The actor, once it is there: its mailbox is looked at.</summary>
    public IActorRef Actor
    {
        get => _actor;
        set => _actor = value;
    }

    /// <summary>What it does from now on. Saying the same again changes nothing.</summary>
    /// <param name="what">A constant, so that telling allocates nothing.</param>
    public void Begin(string what)
    {
        if (ReferenceEquals(_doing, what))
            return;
        Volatile.Write(ref _since, Stopwatch.GetTimestamp());
        Volatile.Write(ref _changes, _changes + 1);
        _doing = what;
    }

    /// <summary>Where it stands.</summary>
    /// <param name="note">What else there is to say.</param>
    public ActorState State(string note = "") => new(
        name, _doing, Stopwatch.GetElapsedTime(Volatile.Read(ref _since)), Waiting(_actor), note);

    /// <summary>Messages that wait in an actor's mailbox.</summary>
    public static int Waiting(IActorRef? actor) =>
        actor is ActorRefWithCell { Underlying: { } cell } ? cell.NumberOfMessages : 0;
}
