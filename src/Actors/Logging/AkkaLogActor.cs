using Akka.Actor;
using Akka.Event;

namespace CaffeActors.Actors.Logging;

/// <summary>Takes Akka's own warnings and errors into the run's log, so that none goes to the console
/// unasked.</summary>
internal sealed class AkkaLogActor : UntypedActor
{
    /// <summary>Akka makes loggers before anyone could hand them a log: the run's is set here, by its system's
    /// name.</summary>
    public static System.Collections.Concurrent.ConcurrentDictionary<string, RunLog> Logs { get; } = new();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case InitializeLogger:
                Sender.Tell(new LoggerInitialized());
                break;
            case Warning warning when Logs.TryGetValue(Context.System.Name, out RunLog? log):
                log.Warn($"{warning.LogSource}: {warning.Message}");
                break;
            case Error error when Logs.TryGetValue(Context.System.Name, out RunLog? log):
                string cause = error.Cause is null ? "" : $" ({error.Cause.Message})";
                log.Error($"{error.LogSource}: {error.Message}{cause}");
                break;
        }
    }
}
