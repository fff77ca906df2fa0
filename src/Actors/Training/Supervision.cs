using Akka.Actor;

namespace CaffeActors.Actors.Training;

/// <summary>How parents within a run take the death of a child.</summary>
internal static class Supervision
{
    /// <summary>
    /// To the run, which ends in order: an actor of a net that began anew would have forgotten what it waits for.
    /// </summary>
    public static SupervisorStrategy Escalate { get; } = new OneForOneStrategy(static _ => Directive.Escalate);
}
