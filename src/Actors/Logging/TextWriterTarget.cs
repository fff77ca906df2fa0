using System.Threading.Channels;
using NLog;
using NLog.Targets;

namespace CaffeActors.Actors.Logging;

/// <summary>
/// Writes log lines to a writer that belongs to someone else, such as the program's console, from a thread of its
/// own: a console may block (a pager, a stopped terminal), and who logs must not. A console that went away (a closed
/// pipe) loses lines and nothing else.
/// </summary>
internal sealed class TextWriterTarget : TargetWithLayout
{
    // Lines waiting for a console that does not take them; more are lost.
    private const int Capacity = 100_000;

    private readonly TextWriter _writer;
    private readonly Channel<object> _queue = Channel.CreateBounded<object>(
        new BoundedChannelOptions(Capacity) { SingleReader = true });

    private int _lost;

    public TextWriterTarget(TextWriter writer)
    {
        _writer = writer;
        new Thread(WriteLines) { Name = "console log", IsBackground = true }.Start();
    }

    /// <summary>Waits until all lines so far are written, or for some time.</summary>
    public void Flush(TimeSpan patience)
    {
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_queue.Writer.TryWrite(written))
            written.Task.Wait(patience);
    }

    /// <summary>Ends the thread. (NLog closes targets whenever its configuration changes, and opens them
    /// again.)</summary>
    public void Complete() => _queue.Writer.TryComplete();

    /// <inheritdoc/>
    protected override void Write(LogEventInfo logEvent)
    {
        if (!_queue.Writer.TryWrite(RenderLogEvent(Layout, logEvent)))
            Interlocked.Increment(ref _lost);
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
            // Nobody reads any more; the file has every line.
            _queue.Writer.TryComplete();
            while (_queue.Reader.TryRead(out object? item))
                (item as TaskCompletionSource)?.SetResult();
        }
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
