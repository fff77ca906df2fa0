using System.Globalization;

namespace CaffeActors.Data.Tools;

/// <summary>How much memory the program can have at most.</summary>
public static class MachineMemory
{
    // What control groups write where they set no limit, or near enough.
    private const long NoLimit = 1L << 60;

    /// <summary>Bytes of the machine's memory, or of the share that a container gives the program (control groups,
    /// version 1 or 2), with the swap space there is.</summary>
    public static long Bytes => Read("/");

    /// <summary>The same of a system whose files lie elsewhere.</summary>
    /// <param name="root">Where <c>proc</c> and <c>sys</c> are.</param>
    internal static long Read(string root)
    {
        long total = Field(root, "MemTotal:"), swap = Field(root, "SwapTotal:");
        if (total <= 0)
            return GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        long limit = Math.Min(
            Unified(root), Number(Path.Combine(root, "sys/fs/cgroup/memory/memory.limit_in_bytes")));
        return Math.Min(total, limit) + swap;
    }

    // A group has no more than those it is in.
    private static long Unified(string root)
    {
        string top = Path.Combine(root, "sys/fs/cgroup");
        string group = Lines(Path.Combine(root, "proc/self/cgroup"))
            .FirstOrDefault(line => line.StartsWith("0::", StringComparison.Ordinal))?[3..].Trim('/') ?? "";
        long limit = NoLimit;
        for (; ; group = Path.GetDirectoryName(group) ?? "")
        {
            limit = Math.Min(limit, Number(Path.Combine(top, group, "memory.max")));
            if (group.Length == 0)
                return limit;
        }
    }

    private static long Field(string root, string name)
    {
        foreach (string line in Lines(Path.Combine(root, "proc/meminfo")))
        {
            if (!line.StartsWith(name, StringComparison.Ordinal))
                continue;
            string number = line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim();
            return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long kib) ? kib << 10 : 0;
        }

        return 0;
    }

    private static long Number(string path) =>
        Lines(path) is [{ } line, ..]
        && long.TryParse(line.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long bytes)
            ? bytes : NoLimit;

    private static string[] Lines(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllLines(path) : [];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
