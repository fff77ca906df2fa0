using System.Diagnostics;
using CaffeActors.Compute.Diagnostics;
using Xunit;

namespace CaffeActors.Testing;

/// <summary>
/// Feeds damaged files to a reader. Each must be read or be refused by a <see cref="CaffeException"/>, within
/// <see cref="Limit"/>, and with no more memory than four times the file and 256 MiB: a size that the file
/// only claims is not believed.
/// </summary>
public static class ReaderFuzz
{
    /// <summary>How long one file may take.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private const long FreeBytes = 256L << 20;
    private static readonly TimeSpan _hang = TimeSpan.FromSeconds(60);

    /// <summary>Reads damaged files.</summary>
    /// <param name="seeds">Whole files, which the reader must take.</param>
    /// <param name="count">How many damaged ones.</param>
    /// <param name="read">Reads a file's bytes, all that is in them.</param>
    /// <returns>How many were read and how many refused.</returns>
    public static async Task<(int Taken, int Refused)> RunAsync(
        IReadOnlyList<byte[]> seeds, int count, Action<byte[]> read)
    {
        foreach (byte[] whole in seeds)
            read(whole);
        long peak = PeakBytes();
        var mutator = new ByteMutator(seeds, seed: 2014);
        int done = 0, taken = 0;
        byte[] bytes = [];
        Task work = Task.Run(() =>
        {
            for (; done < count; done++)
            {
                bytes = mutator.Next();
                taken += IsTaken(bytes, read, done, peak) ? 1 : 0;
            }
        });
        for (int before = -1; !work.IsCompleted; before = done)
        {
            await Task.WhenAny(work, Task.Delay(_hang));
            Assert.True(work.IsCompleted || done > before,
                $"reading file {done} does not end: {Convert.ToHexString(bytes)}");
        }

        await work;
        return (taken, count - taken);
    }

    // Another program may hold the processor for a while, but hardly three times.
    private static bool IsTaken(byte[] bytes, Action<byte[]> read, int number, long peak)
    {
        for (int attempt = 1; ; attempt++)
        {
            long start = Stopwatch.GetTimestamp(), allocated = GC.GetAllocatedBytesForCurrentThread();
            bool taken = true;
            try
            {
                read(bytes);
            }
            catch (CaffeException refusal)
            {
                taken = false;
                Assert.NotEqual(FailureKind.Internal, refusal.Kind);
                Assert.InRange(refusal.Message.Length, 10, 2000);
            }
            catch (Exception fault) when (fault is not Xunit.Sdk.IAssertionException)
            {
                Assert.Fail($"file {number}: {fault}");
            }

            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            // A package's array that is asked for and never filled takes no memory: then the process tells.
            long most = (4L * bytes.Length) + FreeBytes;
            Assert.True(allocated <= most || PeakBytes() - peak <= most,
                $"file {number} has {bytes.Length} bytes, and reading it took {allocated} bytes of memory");
            if (elapsed < Limit)
                return taken;
            Assert.True(attempt < 3, $"reading file {number} took {elapsed}");
        }
    }

    private static long PeakBytes()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
