using System.Threading.Channels;
using NLog;
using NLog.Targets;

namespace CaffeActors.Actors.Logging;

/// <summary>
/// Writes log lines to a writer that belongs to someone else, such as the program's console, from a thread of its
/// own: a console may block (a pager, a stopped terminal), and who logs must not. A console that went away (a closed
/// pipe) loses lines, which are counted, and nothing else.
/// </summary>
internal sealed class TextWriterTarget : TargetWithLayout
{
    /// <summary>The property of events that are not for the console.</summary>
    public const string LeftOut = "left out";

    // Lines waiting for a console that does not take them; more are lost.
    private const int Capacity = 100_000;

    private readonly TextWriter _writer;
    private readonly Action<string> _gone;
    private readonly Channel<object> _queue = Channel.CreateBounded<object>(
        new BoundedChannelOptions(Capacity) { SingleReader = true });

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _lost;
    private long _lostInAll;

    /// <summary>A target.</summary>
    /// <param name="writer">The console.</param>
    /// <param name="gone">Hears once, on the console's thread, why the console takes no more lines.</param>
    public TextWriterTarget(TextWriter writer, Action<string> gone)
    {
        _writer = writer;
        _gone = gone;
        new Thread(WriteLines) { Name = "console log", IsBackground = true }.Start();
    }

    /// <summary>Lines that the console did not get.</summary>
    public long LostLines => Interlocked.Read(ref _lostInAll);

    /// <summary>Waits until all lines so far are written, or for some time.</summary>
    public void Flush(TimeSpan patience)
    {
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        (_queue.Writer.TryWrite(written) ? written : _ended).Task.Wait(patience);
    }

    /// <summary>Ends the thread. (NLog closes targets whenever its configuration changes, and opens them
    /// again.)</summary>
    public void Complete() => _queue.Writer.TryComplete();

    /// <inheritdoc/>
    protected override void Write(LogEventInfo logEvent)
    {
        if (logEvent.HasProperties && logEvent.Properties.ContainsKey(LeftOut))
            return;
        if (!_queue.Writer.TryWrite(RenderLogEvent(Layout, logEvent)))
        {
            Interlocked.Increment(ref _lost);
            Interlocked.Increment(ref _lostInAll);
        }
    }

    private void WriteLines()
    {
        try
        {
            while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                while (_queue.Reader.TryRead(out object? item))
                    WriteOne(item);
            }
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // Nobody reads any more; the file has every line. The one that failed is lost too.
            _queue.Writer.TryComplete();
            Interlocked.Increment(ref _lostInAll);
            List<TaskCompletionSource> waiting = [];
            while (_queue.Reader.TryRead(out object? item))
            {
                if (item is TaskCompletionSource flush)
                    waiting.Add(flush);
                else
                    Interlocked.Increment(ref _lostInAll);
            }

            _gone(failure.Message.ReplaceLineEndings(" "));
            waiting.ForEach(static flush => flush.SetResult());
        }

        _ended.SetResult();
    }

    private void WriteOne(object item)
    {
        if (item is TaskCompletionSource written)
        {
            written.SetResult();
            return;
        }

        _writer.WriteLine((string)item);
        if (Interlocked.Exchange(ref _lost, 0) is > 0 and int lost)
            _writer.WriteLine($"({lost} log lines were lost here: the console took them too slowly)");
    }
}
