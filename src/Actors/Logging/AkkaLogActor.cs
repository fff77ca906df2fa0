using Akka.Actor;
using Akka.Event;

namespace CaffeActors.Actors.Logging;

/// <summary>Takes Akka's own warnings and errors into the run's log, so that none goes to the console
/// unasked.</summary>
internal sealed class AkkaLogActor : UntypedActor
{
    private const int MostTold = 1000;

    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private readonly RunLog? _log = Context.System.Settings.Setup.Get<RunLogSetup>() is { HasValue: true } setup
        ? setup.Value.Log : null;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case InitializeLogger:
                Sender.Tell(new LoggerInitialized());
                break;
            // How an actor system ends is no warning: who was not told in time finds out.
            case Warning { LogSource: { } source } warning
                when source.StartsWith("CoordinatedShutdown", StringComparison.Ordinal):
                _log?.Info($"{source}: {warning.Message}");
                break;
            case Warning warning when IsNew($"{warning.LogSource}: {warning.Message}"):
                _log?.Warn($"{warning.LogSource}: {warning.Message}");
                break;
            case Error error:
                string cause = error.Cause is null ? "" : $" ({error.Cause.Message})";
                _log?.Error($"{error.LogSource}: {error.Message}{cause}");
                break;
        }
    }

    // A peer that is away is tried again and again, each time with the same words.
    private bool IsNew(string text) =>
        !text.StartsWith("remoting", StringComparison.OrdinalIgnoreCase) || _told.Count >= MostTold || _told.Add(text);
}
