using System.Diagnostics;

namespace CaffeActors.Testing;

/// <summary>A file system of its own in memory, with little room; only root on Linux may make one.</summary>
public sealed class SmallDisk : IDisposable
{
    private readonly TemporaryFolder _folder;

    private SmallDisk(TemporaryFolder folder) => _folder = folder;

    /// <summary>Its folder.</summary>
    public string Path => _folder.Path;

    /// <summary>Makes one.</summary>
    /// <param name="kilobytes">Its room, a multiple of 4.</param>
    /// <returns>Null where that is not allowed.</returns>
    public static SmallDisk? TryMake(int kilobytes)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        var folder = new TemporaryFolder();
        if (Run("mount", "-t", "tmpfs", "-o", $"size={kilobytes}k", "tmpfs", folder.Path))
            return new SmallDisk(folder);
        folder.Dispose();
        return null;
    }

    /// <summary>Makes it read-only, for root too.</summary>
    /// <returns>Whether that was allowed.</returns>
    public bool MakeReadOnly() => Run("mount", "-o", "remount,ro", Path);

    /// <inheritdoc/>
    public void Dispose()
    {
        Run("umount", "-l", Path);
        _folder.Dispose();
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
