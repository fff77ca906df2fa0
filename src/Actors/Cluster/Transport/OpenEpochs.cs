using System.Diagnostics;

namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>The epochs whose links are open here. Thread-safe.</summary>
internal sealed class OpenEpochs : IDisposable
{
    private readonly object _gate = new();
    private readonly List<EpochLinks> _open = [];
    // Channels of the newest epoch that were opened, be they closed since.
    private readonly HashSet<int> _channels = [];
    private ulong _newest;
    private bool _isOver;

    /// <summary>Adds links, and lets in who has waited for them.</summary>
    /// <exception cref="InvalidOperationException">The epoch is older than one that was opened, or its channel was
    /// opened before.</exception>
    public void Add(EpochLinks links)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isOver, this);
            if (links.Epoch > _newest)
            {
                _newest = links.Epoch;
                _channels.Clear();
            }

            if (links.Epoch < _newest || !_channels.Add(links.Channel))
            {
                throw new InvalidOperationException(
                    $"Channel {links.Channel} of epoch {links.Epoch} cannot be opened: epoch {_newest} is open, "
                    + $"with channels {string.Join(", ", _channels)}.");
            }

            _open.Add(links);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Takes links away.</summary>
    public void Remove(EpochLinks links)
    {
        lock (_gate)
            _open.Remove(links);
    }

    /// <summary>Finds the link that somebody connects for.</summary>
    /// <param name="greeting">What it has said.</param>
    /// <param name="within">How long it may wait for an epoch that has not begun here.</param>
    /// <param name="link">The link, or null.</param>
    public GreetingAnswer Find(Greeting greeting, TimeSpan within, out Link? link)
    {
        long begun = Stopwatch.GetTimestamp();
        link = null;
        lock (_gate)
        {
            while (!_isOver)
            {
                if (_open.Find(links => links.Epoch == greeting.Epoch && links.Channel == greeting.Channel) is { } open)
                {
                    link = open.Find(greeting.From);
                    return link is null ? GreetingAnswer.NoNeighbour : GreetingAnswer.Welcome;
                }

                if (greeting.Epoch < _newest
                    || (greeting.Epoch == _newest && _channels.Contains(greeting.Channel)))
                    return GreetingAnswer.EpochOver;
                TimeSpan left = within - Stopwatch.GetElapsedTime(begun);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left))
                    return GreetingAnswer.TooEarly;
            }
        }

        return GreetingAnswer.EpochOver;
    }

    /// <summary>Closes all links, and lets nobody in any more.</summary>
    public void Dispose()
    {
        EpochLinks[] open;
        lock (_gate)
        {
            _isOver = true;
            open = [.. _open];
            Monitor.PulseAll(_gate);
        }

        foreach (EpochLinks links in open)
            links.Dispose();
    }
}
