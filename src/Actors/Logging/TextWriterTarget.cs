using NLog;
using NLog.Targets;

namespace CaffeActors.Actors.Logging;

/// <summary>Writes log lines to a writer that belongs to someone else, such as the program's console.</summary>
internal sealed class TextWriterTarget(TextWriter writer) : TargetWithLayout
{
    private bool _broken;

    /// <inheritdoc/>
    protected override void Write(LogEventInfo logEvent)
    {
        if (_broken)
            return;
        try
        {
            writer.WriteLine(RenderLogEvent(Layout, logEvent));
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // A console that went away (a closed pipe) must not end a run; the file has every line.
            _broken = true;
        }
    }
}
