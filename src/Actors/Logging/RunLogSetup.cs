using Akka.Actor.Setup;

namespace CaffeActors.Actors.Logging;

/// <summary>The log that an actor system's own warnings and errors go to, handed to it when it is made.</summary>
/// <param name="log">The log.</param>
internal sealed class RunLogSetup(RunLog log) : Setup
{
    /// <summary>The log.</summary>
    public RunLog Log => log;
}
