using System.Diagnostics;
using CaffeActors.Actors.Metrics;

namespace CaffeActors.Actors.Data;

/// <summary>How long a data layer's net waited for data, and how many batches stood ready. Written on the replica's
/// thread.</summary>
internal sealed class DataWait
{
    private long _ticks;
    private long _depth;
    private int _passes;
    private volatile int _ready;
    private long _batches;

    /// <summary>What the layer's actor does.</summary>
    public ActorActivity Layer { get; } = new("data layer");

    /// <summary>What its prefetcher does.</summary>
    public ActorActivity Prefetcher { get; } = new("prefetcher");

    /// <summary>Batches that stand ready. Any thread may read it.</summary>
    public int Ready
    {
        get => _ready;
        set => _ready = value;
    }

    /// <summary>Batches that the prefetcher has read. Any thread may read it.</summary>
    public long Batches
    {
        get => Volatile.Read(ref _batches);
        set => Volatile.Write(ref _batches, value);
    }

    /// <summary>One pass began.</summary>
    /// <param name="ticks">How long it waited.</param>
    /// <param name="ready">Batches that stood ready, the one taken included.</param>
    public void Add(long ticks, int ready)
    {
        _ticks += ticks;
        _depth += ready;
        _passes++;
    }

    /// <summary>Mean milliseconds of waiting and mean batches ready since the last call.</summary>
    public (double WaitMilliseconds, double Depth) Take()
    {
        int passes = Math.Max(1, _passes);
        (double, double) means = (_ticks * 1000.0 / Stopwatch.Frequency / passes, _depth / (double)passes);
        (_ticks, _depth, _passes) = (0, 0, 0);
        return means;
    }
}
