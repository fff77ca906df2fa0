using Akka.Actor;
using Akka.Event;

namespace CaffeActors.Actors.Logging;

/// <summary>Takes Akka's own warnings and errors into the run's log, so that none goes to the console
/// unasked.</summary>
internal sealed class AkkaLogActor : UntypedActor
{
    private readonly RunLog? _log = Context.System.Settings.Setup.Get<RunLogSetup>() is { HasValue: true } setup
        ? setup.Value.Log : null;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case InitializeLogger:
                Sender.Tell(new LoggerInitialized());
                break;
            case Warning warning:
                _log?.Warn($"{warning.LogSource}: {warning.Message}");
                break;
            case Error error:
                string cause = error.Cause is null ? "" : $" ({error.Cause.Message})";
                _log?.Error($"{error.LogSource}: {error.Message}{cause}");
                break;
        }
    }
}
