using System.Runtime.CompilerServices;
using CaffeActors.Compute.Diagnostics;
using NLog;
using NLog.Config;
using NLog.Layouts;
using NLog.Targets;

namespace CaffeActors.Actors.Logging;

/// <summary>
/// A run's log: glog lines to a console and, once the run has a folder, to its file. Thread-safe. A place that cannot
/// be written, or a console that nobody reads, loses lines and nothing else. That the console went away stands in the
/// file.
/// </summary>
public sealed class RunLog : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    private readonly LogFactory _factory = new() { AutoShutdown = false };
    private readonly LoggingConfiguration _configuration;
    private readonly LogLevel _least;
    private readonly Logger _logger;
    private readonly TimeProvider _time;
    private readonly TextWriterTarget? _console;
    private TextWriterTarget? _warnings;
    private readonly Lock _lock = new();
    private readonly HashSet<string> _files = [];
    private bool _hasFile;
    private string? _consoleGone;

    /// <summary>A log to a console.</summary>
    /// <param name="console">The console, stderr in the program; null for none.</param>
    /// <param name="minLevel">glog's level: 0 all, 1 warnings, 2 errors, 3 fatal.</param>
    /// <param name="time">The clock; the system's by default.</param>
    public RunLog(TextWriter? console, int minLevel = 0, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _least = minLevel switch
        {
            <= 0 => LogLevel.Info,
            1 => LogLevel.Warn,
            2 => LogLevel.Error,
            _ => LogLevel.Fatal,
        };
        _configuration = new LoggingConfiguration(_factory);
        if (console is not null)
        {
            _console = new TextWriterTarget(console, OnConsoleGone) { Name = "console", Layout = new GlogLayout() };
            _configuration.AddRule(_least, LogLevel.Fatal, _console);
        }

        _factory.Configuration = _configuration;
        _logger = _factory.GetLogger("run");
    }

    /// <summary>Writes all lines from now on to a file too; lines are added to what is there.</summary>
    public void AddFile(string path)
    {
        lock (_lock)
        {
            // A run that is built anew goes on in the same one.
            if (!_files.Add(Path.GetFullPath(path)))
                return;
        }

        _configuration.AddRule(LogLevel.Info, LogLevel.Fatal, new FileTarget("file")
        {
            // A literal name: a run's folder may hold what NLog would take for a layout.
            FileName = SimpleLayout.FromLiteral(Path.GetFullPath(path)),
            Layout = new GlogLayout(),
            KeepFileOpen = true,
            AutoFlush = true,
        });
        // Assigning it again is what makes a new target live.
        _factory.Configuration = _configuration;
        lock (_lock)
            _hasFile = true;
        TellConsoleGone();
    }

    /// <summary>Writes all warnings and errors from now on to another console too, each as a line of another form.
    /// Where nobody reads there, they are lost there.</summary>
    /// <param name="console">The other console.</param>
    /// <param name="warning">The line of a warning.</param>
    /// <param name="error">The line of an error.</param>
    public void AddWarnings(TextWriter console, Func<string, string> warning, Func<string, string> error)
    {
        _warnings = new TextWriterTarget(console, static _ => { })
        {
            Name = "warnings",
            Layout = Layout.FromMethod(logEvent =>
                (logEvent.Level >= LogLevel.Error ? error : warning)(logEvent.FormattedMessage)),
        };
        _configuration.AddRule(LogLevel.Warn, LogLevel.Fatal, _warnings);
        _factory.Configuration = _configuration;
    }

    /// <summary>Hears each warning and error, and whether it is an error, on the thread that tells it: who listens
    /// returns at once and does not fail.</summary>
    public event Action<string, bool>? Warned;

    /// <summary>Lines that the console did not take, because it is gone or too slow.</summary>
    public long LostConsoleLines => _console?.LostLines ?? 0;

    /// <summary>Whether lines about how nets are built are written. Default true; a run that builds the same ones anew
    /// has told them already.</summary>
    public bool TellsOfNets { get; set; } = true;

    /// <summary>A line about how a net is built.</summary>
    public void OfNet(string line)
    {
        if (TellsOfNets)
            Info(line);
    }

    /// <summary>Something that happened.</summary>
    public void Info(string text, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Write(LogLevel.Info, text, file, line);

    /// <summary>Something the user should look at.</summary>
    public void Warn(string text, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Write(LogLevel.Warn, text, file, line);

    /// <summary>Something that failed.</summary>
    public void Error(string text, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Write(LogLevel.Error, text, file, line);

    /// <summary>A failure, as its one line.</summary>
    public void Error(CaffeException failure, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Write(LogLevel.Error, failure.ToDiagnostic(), file, line);

    /// <summary>The failure that ends a run, in its file alone: whoever started the run is told it in another
    /// way.</summary>
    public void End(CaffeException failure, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Write(LogLevel.Error, failure.ToDiagnostic(), file, line, fileOnly: true);

    /// <summary>Waits until the consoles have all lines so far, two seconds at most for each.</summary>
    public void Flush()
    {
        _console?.Flush(_patience);
        _warnings?.Flush(_patience);
    }

    /// <summary>Writes out what is buffered and closes the file.</summary>
    public void Dispose()
    {
        Flush();
        _console?.Complete();
        _warnings?.Complete();
        _factory.Dispose();
    }

    private void OnConsoleGone(string why)
    {
        lock (_lock)
            _consoleGone = why;
        TellConsoleGone();
    }

    // Once, as soon as there is a file to tell it.
    private void TellConsoleGone()
    {
        string? why;
        lock (_lock)
        {
            if (!_hasFile)
                return;
            (why, _consoleGone) = (_consoleGone, null);
        }

        if (why is not null)
            Warn($"The console takes no more lines ({why}); they are in this file only.");
    }

    private void Write(LogLevel level, string text, string file, int line, bool fileOnly = false)
    {
        if (!_logger.IsEnabled(level))
            return;
        // The text is no template: braces in it stay.
        var logEvent = new LogEventInfo(level, _logger.Name, null, "{0}", [text])
        {
            TimeStamp = _time.GetLocalNow().DateTime,
        };
        logEvent.Properties[GlogLayout.PlaceProperty] = $"{Path.GetFileName(file)}:{line}";
        if (fileOnly)
            logEvent.Properties[TextWriterTarget.LeftOut] = true;
        _logger.Log(logEvent);
        if (level >= LogLevel.Warn && !fileOnly)
            Warned?.Invoke(text, level >= LogLevel.Error);
    }
}
