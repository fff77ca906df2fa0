using System.Threading.Channels;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;

namespace CaffeActors.Actors.Metrics;

/// <summary>
/// Calls a watcher on a thread of its own: a display may block (a stopped terminal, a pager), and metrics and snapshots
/// must not wait for it. It is shown the newest state and misses what came while it was busy. One that fails is told
/// and left out from there on.
/// </summary>
internal sealed class WatcherThread : IRunObserver
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    private readonly IRunObserver _watcher;
    private readonly RunLog _log;
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<Progress> _newest = Channel.CreateBounded<Progress>(
        new BoundedChannelOptions(1) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest });

    public WatcherThread(IRunObserver watcher, RunLog log)
    {
        (_watcher, _log) = (watcher, log);
        new Thread(Watch) { Name = "run watcher", IsBackground = true }.Start();
    }

    /// <inheritdoc/>
    public void OnProgress(Progress progress) => _newest.Writer.TryWrite(progress);

    /// <summary>Waits until the watcher has heard of the end, two seconds at most.</summary>
    public void OnEnd()
    {
        _newest.Writer.TryComplete();
        if (!_over.Task.Wait(_patience))
            _log.Warn("The display does not take what it is shown; it is left behind.");
    }

    private void Watch()
    {
        try
        {
            while (_newest.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                if (_newest.Reader.TryRead(out Progress? progress))
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
}
