using System.Threading.Channels;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Data.Metrics;

namespace CaffeActors.Actors.Metrics;

/// <summary>
/// Calls a watcher on a thread of its own: a display may block (a stopped terminal, a pager), and metrics and snapshots
/// must not wait for it. It is shown the newest state and misses what came while it was busy; rows and events wait for
/// it, so many of them. One that fails is told and left out from there on.
/// </summary>
internal sealed class WatcherThread
{
    // Rows of a large net's displays for minutes; more are lost to a watcher that does not take them.
    private const int Capacity = 1 << 16;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    // Wakes the watcher for a state; where it is lost among many rows, the state is shown after them all the same.
    private static readonly object _stateCame = new();

    private readonly IRunObserver _watcher;
    private readonly RunLog _log;
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<object> _told = Channel.CreateBounded<object>(
        new BoundedChannelOptions(Capacity) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest });
    private Progress? _newest;

    public WatcherThread(IRunObserver watcher, RunLog log)
    {
        (_watcher, _log) = (watcher, log);
        new Thread(Watch) { Name = "run watcher", IsBackground = true }.Start();
    }

    /// <summary>Tells the watcher of a run's begin, a row, an event, or where the run stands.</summary>
    /// <param name="message">A <see cref="RunInsight"/>, <see cref="MetricRow"/>, <see cref="RunEvent"/> or
    /// <see cref="Progress"/>.</param>
    public void Tell(object message)
    {
        // A state that was not taken yet is replaced where it waits.
        if (message is not Progress progress)
            _told.Writer.TryWrite(message);
        else if (Interlocked.Exchange(ref _newest, progress) is null)
            _told.Writer.TryWrite(_stateCame);
    }

    /// <summary>Waits until the watcher has heard of the end, two seconds at most.</summary>
    public void OnEnd()
    {
        _told.Writer.TryComplete();
        if (!_over.Task.Wait(_patience))
            _log.Warn("The display does not take what it is shown; it is left behind.");
    }

    private void Watch()
    {
        try
        {
            while (_told.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                while (_told.Reader.TryRead(out object? message))
                    Show(message);
                if (Interlocked.Exchange(ref _newest, null) is { } progress)
                    _watcher.OnProgress(progress);
            }

            _watcher.OnEnd();
        }
#pragma warning disable CA1031 // Whatever a display throws, training goes on.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _log.Warn($"The display failed and is left out from here on: {failure.Message}");
        }

        _over.SetResult();
    }

    private void Show(object message)
    {
        switch (message)
        {
            case MetricRow row:
                _watcher.OnRow(row);
                break;
            case RunEvent what:
                _watcher.OnEvent(what);
                break;
            case RunInsight run:
                _watcher.OnBegin(run);
                break;
        }
    }
}
