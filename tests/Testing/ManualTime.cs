namespace CaffeActors.Testing;

/// <summary>A clock that goes when it is told to.</summary>
public sealed class ManualTime : TimeProvider
{
    private DateTimeOffset _now = new(2026, 11, 22, 21, 22, 21, 309, 767, TimeSpan.Zero);
    private TimeSpan _setBack;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Lets time pass.</summary>
    public void Advance(TimeSpan span) => _now += span;

    /// <summary>Sets back what it tells; the time that passes is measured as before.</summary>
    public void SetBack(TimeSpan span) => _setBack += span;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _now - _setBack;

    /// <inheritdoc/>
    public override long GetTimestamp() => _now.UtcTicks;
}
