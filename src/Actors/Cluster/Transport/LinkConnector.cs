using System.Diagnostics;

namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>Gets a link its connections: the side of the higher rank connects, the other waits to be connected to, and
/// meanwhile asks whether that can still happen, so that both hear at once of a process that is gone.</summary>
internal sealed class LinkConnector(LinkRoute route, LinkState state, LinkSecurity? security)
{
    private static readonly TimeSpan _shortestPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan _longestPause = TimeSpan.FromMilliseconds(500);

    private readonly Dialer _dialer = new(route, security);

    /// <summary>Gets a connection.</summary>
    /// <param name="within">How long it is tried.</param>
    /// <returns>The connection, or why there will be none.</returns>
    public DialResult Connect(TimeSpan within)
    {
        long begun = Stopwatch.GetTimestamp();
        string last = "no answer";
        for (TimeSpan pause = _shortestPause; ; pause = Shorter(pause * 2, _longestPause))
        {
            TimeSpan left = within - Stopwatch.GetElapsedTime(begun);
            if (left <= TimeSpan.Zero)
                return DialResult.Never($"{route.PeerName} was not reached within {within.TotalSeconds:0.#} s: {last}");
            DialResult result = route.Connects ? Dial(left, pause) : Await(left, pause);
            if (result.Connection is not null || result.IsFinal)
                return result;
            if (state.IsClosing || state.Over.IsCancellationRequested)
                return DialResult.Never("closed");
            last = result.Reason;
        }
    }

    private DialResult Dial(TimeSpan left, TimeSpan pause)
    {
        DialResult result = _dialer.Dial(route.Greeting(GreetingPurpose.Link, state.Received), left, state.Over);
        if (result.Connection is null && !result.IsFinal)
            state.IsOverWithin(Shorter(pause, left));
        return result;
    }

    private DialResult Await(TimeSpan left, TimeSpan pause)
    {
        if (state.TakeOffered(Shorter(pause, left), out long received) is { } offered)
            return Welcome(offered, received);
        DialResult asked = _dialer.Dial(
            route.Greeting(GreetingPurpose.Question, 0), Shorter(left, _longestPause), state.Over);
        if (asked.Connection is null)
            return asked;
        asked.Connection.Dispose();
        return DialResult.NotNow("it has not connected");
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private DialResult Welcome(Connection offered, long received)
    {
        try
        {
            Span<byte> reply = stackalloc byte[GreetingReply.Size];
            new GreetingReply(Greeting.CurrentVersion, GreetingAnswer.Welcome, route.Node, state.Received).Write(reply);
            offered.Send(reply);
            return new DialResult(offered, received);
        }
        catch (Exception failure) when (Connection.IsBreak(failure))
        {
            offered.Dispose();
            return DialResult.NotNow(failure.Message);
        }
    }
}
