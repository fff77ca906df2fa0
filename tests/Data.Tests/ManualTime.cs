namespace CaffeActors.Data.Tests;

/// <summary>A clock that goes when it is told to.</summary>
internal sealed class ManualTime : TimeProvider
{
    private DateTimeOffset _now = new(2026, 11, 22, 21, 22, 21, 309, 767, TimeSpan.Zero);
    private TimeSpan _setBack;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Advance(TimeSpan span) => _now += span;

    /// <summary>Sets back what it tells; the time that passes is measured as before.</summary>
    public void SetBack(TimeSpan span) => _setBack += span;

    public override DateTimeOffset GetUtcNow() => _now - _setBack;

    public override long GetTimestamp() => _now.UtcTicks;
}
