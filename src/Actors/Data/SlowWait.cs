namespace CaffeActors.Actors.Data;

/// <summary>When it is told that something is waited for: after 10 s, and each time the wait has doubled
/// since.</summary>
internal sealed class SlowWait
{
    private static readonly TimeSpan _first = TimeSpan.FromSeconds(10);

    private TimeSpan _next = _first;

    /// <summary>How often to ask.</summary>
    public static TimeSpan Every { get; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether a wait that still lasts is to be told now.</summary>
    /// <param name="waited">How long it has lasted.</param>
    public bool IsDue(TimeSpan waited)
    {
        if (waited < _next)
            return false;
        while (_next <= waited)
            _next *= 2;
        return true;
    }

    /// <summary>The wait is over.</summary>
    public void End() => _next = _first;
}
