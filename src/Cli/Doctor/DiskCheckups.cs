using System.Diagnostics;
using System.Globalization;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Cli.Doctor;

/// <summary>Looks at the folder of all runs: whether it can be written, how fast, how much room there is, and what time
/// it is there.</summary>
/// <param name="folder">The folder; it need not be there yet.</param>
/// <param name="time">The clock.</param>
internal sealed class DiskCheckups(string folder, TimeProvider time)
{
    private const string Group = "disk";
    private const int ChunkBytes = 1 << 20, Chunks = 32;
    private const long LeastRoom = 2L << 30;
    private const double LeastSpeed = 20;

    private static readonly TimeSpan MostSkew = TimeSpan.FromSeconds(5);
    private static readonly DateTimeOffset Earliest = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Looks.</summary>
    public IEnumerable<Checkup> Look()
    {
        string there = Existing(Path.GetFullPath(folder));
        string name = $"runs in '{folder}'";
        string probe = Path.Combine(there, $".caffeactors-doctor-{Environment.ProcessId}");
        TimeSpan took, skew;
        try
        {
            took = Write(probe);
            skew = time.GetUtcNow() - new DateTimeOffset(File.GetLastWriteTimeUtc(probe), TimeSpan.Zero);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return
            [
                new Checkup(Group, name, $"cannot be written: {failure.Message}")
                {
                    Advice = "give another folder (run.output-root), or the right to write to this one",
                    Broken = FailureKind.Data,
                },
                Clock(null),
            ];
        }
        finally
        {
            if (File.Exists(probe))
                File.Delete(probe);
        }

        double speed = Chunks * (double)ChunkBytes / 1e6 / took.TotalSeconds;
        return
        [
            new Checkup(Group, name, string.Create(CultureInfo.InvariantCulture,
                $"written to disk at {speed:F0} MB/s ({ByteText.Of((long)Chunks * ChunkBytes)})"))
            {
                Advice = speed < LeastSpeed
                    ? "slow: snapshots of large nets will take long; a local disk is better" : "",
            },
            Room(there),
            Clock(skew),
        ];
    }

    private static Checkup Room(string there)
    {
        long room = new DriveInfo(there).AvailableFreeSpace;
        return new Checkup(Group, "room", $"{ByteText.Of(room)} free")
        {
            Advice = room < LeastRoom ? "little: remove old runs, or keep fewer snapshots (snapshot.keep-last)" : "",
        };
    }

    private Checkup Clock(TimeSpan? skew)
    {
        DateTimeOffset now = time.GetUtcNow();
        string advice = now < Earliest ? "the clock is wrong: runs are named and found by it"
            : skew is { } difference && difference.Duration() > MostSkew
                ? string.Create(CultureInfo.InvariantCulture,
                    $"the disk's clock is {difference.Duration().TotalSeconds:F0} s off: set both by one time server")
            : "";
        return new Checkup(Group, "clock", now.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture))
        {
            Advice = advice,
        };
    }

    // The folder, or the one in which it would be made; a file that stands in the way.
    private static string Existing(string path) =>
        Directory.Exists(path) || File.Exists(path) || Path.GetDirectoryName(path) is not { } parent
            ? path : Existing(parent);

    private static TimeSpan Write(string probe)
    {
        var chunk = new byte[ChunkBytes];
        // Disks that compress would not show their speed on zeros.
        for (int i = 0; i < chunk.Length; i++)
            chunk[i] = (byte)((i * 2654435761L) >> 13);
        long start = Stopwatch.GetTimestamp();
        using (FileStream file = new(probe, FileMode.Create, FileAccess.Write, FileShare.Read))
        {
            for (int i = 0; i < Chunks; i++)
                file.Write(chunk);
            file.Flush(flushToDisk: true);
        }

        return Stopwatch.GetElapsedTime(start);
    }
}
