namespace CaffeActors.Live;

/// <summary>What the process takes of the machine. Not thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class ProcessUse(TimeProvider time)
{
    private static readonly TimeSpan _least = TimeSpan.FromMilliseconds(500);

    private long _at = time.GetTimestamp();
    private TimeSpan _cpu = Cpu();
    private double _cores;

    /// <summary>Measures it; the processor since it was measured last, half a second ago at least.</summary>
    public LiveProcess Take()
    {
        TimeSpan elapsed = time.GetElapsedTime(_at);
        if (elapsed >= _least)
        {
            TimeSpan cpu = Cpu();
            _cores = (cpu - _cpu) / elapsed;
            (_at, _cpu) = (time.GetTimestamp(), cpu);
        }

        return new LiveProcess(
            Environment.WorkingSet, GC.GetTotalMemory(forceFullCollection: false), _cores, Environment.ProcessorCount);
    }

    private static TimeSpan Cpu() => Environment.CpuUsage.TotalTime;
}
