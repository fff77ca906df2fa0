using System.Diagnostics;
using System.Globalization;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;

namespace CaffeActors.Benchmarks.Soak;

/// <summary>Looks every second at the process's resident memory and open handles, and tells whether they
/// grow.</summary>
internal sealed class ResourceTrend : IRunObserver
{
    // Least growth that counts: a megabyte in 1,000 iterations; handles that the runtime may open late.
    private const double MegabytesPerThousand = 1;
    private const int LateHandles = 2;

    private readonly List<Sample> _samples = [];
    private long _sampledAt;

    /// <summary>Whether memory or handles grow after the warm-up; a run that is over before tells of no
    /// growth.</summary>
    public bool Grows => Slope > MegabytesPerThousand || Handles.Last > Handles.First + LateHandles;

    // Code is compiled again, heaps find their size: the first quarter is the warm-up, and two minutes at least.
    private List<Sample> Warm =>
        _samples[Math.Min(_samples.Count, Math.Max(_samples.Count / 4, 120))..];

    // Megabytes in 1,000 iterations, by the line of least squares.
    private double Slope
    {
        get
        {
            var warm = Warm;
            if (warm.Count < 3)
                return 0;
            double x = warm.Average(sample => sample.Iteration), y = warm.Average(sample => sample.Megabytes);
            double square = warm.Sum(sample => (sample.Iteration - x) * (sample.Iteration - x));
            return square == 0 ? 0
                : 1000 * warm.Sum(sample => (sample.Iteration - x) * (sample.Megabytes - y)) / square;
        }
    }

    // The fewest of the first and of the last third: files that are open for a moment do not count.
    private (int First, int Last) Handles
    {
        get
        {
            var warm = Warm;
            int third = warm.Count / 3;
            return third == 0 ? (0, 0)
                : (warm[..third].Min(sample => sample.Handles), warm[^third..].Min(sample => sample.Handles));
        }
    }

    /// <inheritdoc/>
    public void OnProgress(Progress progress)
    {
        if (_sampledAt != 0 && Stopwatch.GetElapsedTime(_sampledAt) < TimeSpan.FromSeconds(1))
            return;
        _sampledAt = Stopwatch.GetTimestamp();
        GCMemoryInfo heap = GC.GetGCMemoryInfo();
        _samples.Add(new Sample(progress.Iteration, Environment.WorkingSet / 1e6, OpenHandles(),
            heap.HeapSizeBytes / 1e6, heap.TotalCommittedBytes / 1e6));
    }

    /// <inheritdoc/>
    public void OnEnd()
    {
    }

    /// <summary>One line of what was seen.</summary>
    public string Describe()
    {
        var warm = Warm;
        if (warm.Count < 3)
            return $"{_samples.Count} samples are too few to tell, the first 120 are the warm-up";
        return string.Create(CultureInfo.InvariantCulture,
            $"{_samples[^1].Iteration} iterations; resident memory {warm[0].Megabytes:F0} MB after warm-up, "
            + $"{warm[^1].Megabytes:F0} MB at the end, {Slope:F3} MB in 1,000 iterations (at most "
            + $"{MegabytesPerThousand}; live after a collection {warm[0].Heap:F1} MB, then {warm[^1].Heap:F1} MB, "
            + $"committed by the collector {warm[0].Committed:F0} MB, then {warm[^1].Committed:F0} MB); handles "
            + $"{Handles.First}, then {Handles.Last}: "
            + $"{(Grows ? "GROWS" : "no growth")}");
    }

    private static int OpenHandles()
    {
        if (OperatingSystem.IsLinux())
            return Directory.GetFileSystemEntries("/proc/self/fd").Length;
        using Process process = Process.GetCurrentProcess();
        return process.HandleCount;
    }

    // Megabytes are 10^6 bytes; the heap's are of the latest collection.
    private readonly record struct Sample(
        int Iteration, double Megabytes, int Handles, double Heap, double Committed);
}
