using System.Globalization;
using System.Text;
using NLog;
using NLog.Layouts;

namespace CaffeActors.Actors.Logging;

/// <summary>
/// glog's classic line, which the log parsers of Caffe's users read:
/// <c>IMMDD hh:mm:ss.uuuuuu tid file:line] text</c>.
/// </summary>
internal sealed class GlogLayout : Layout
{
    /// <summary>Event property that holds file and line.</summary>
    public const string PlaceProperty = "place";

    /// <inheritdoc/>
    protected override string GetFormattedMessage(LogEventInfo logEvent)
    {
        var text = new StringBuilder();
        RenderFormattedMessage(logEvent, text);
        return text.ToString();
    }

    /// <inheritdoc/>
    protected override void RenderFormattedMessage(LogEventInfo logEvent, StringBuilder target)
    {
        string prefix = string.Create(CultureInfo.InvariantCulture,
            $"{Letter(logEvent.Level)}{logEvent.TimeStamp:MMdd HH:mm:ss.ffffff} "
            + $"{Environment.CurrentManagedThreadId,5} {logEvent.Properties[PlaceProperty]}] ");
        target.Append(prefix).Append(logEvent.FormattedMessage);
    }

    private static char Letter(LogLevel level) =>
        level >= LogLevel.Fatal ? 'F' : level >= LogLevel.Error ? 'E' : level >= LogLevel.Warn ? 'W' : 'I';
}
