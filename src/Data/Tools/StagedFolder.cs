namespace CaffeActors.Data.Tools;

/// <summary>
/// A folder that appears whole or not at all: it is filled under another name beside its place and renamed at the
/// end. A file beside it is kept locked meanwhile; what a killed process has left is therefore recognised, by any
/// later one, as nobody's and removed, while what a living process is filling is left alone. Not thread-safe.
/// </summary>
internal sealed class StagedFolder : IDisposable
{
    private const string Infix = ".part-";
    private const string LockSuffix = ".lock";

    private readonly string _target;
    private readonly FileStream _lock;

    /// <summary>Starts a folder, and clears away what killed processes have left of the same.</summary>
    /// <param name="target">The folder's final place; its parent is made where it is missing.</param>
    public StagedFolder(string target)
    {
        _target = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(target));
        string parent = System.IO.Path.GetDirectoryName(_target)
            ?? throw new IOException($"'{target}' cannot be made.");
        Directory.CreateDirectory(parent);
        RemoveLeftovers(_target);
        Path = _target + Infix + System.IO.Path.GetRandomFileName();
        _lock = Lock(Path, FileMode.CreateNew);
        Directory.CreateDirectory(Path);
    }

    /// <summary>Where to put the files.</summary>
    public string Path { get; }

    /// <summary>Clears away what killed processes have left of a folder.</summary>
    /// <param name="target">The folder's final place, in a folder that is there.</param>
    public static void RemoveLeftovers(string target)
    {
        string path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(target));
        string parent = System.IO.Path.GetDirectoryName(path)!;
        foreach (string left in Directory.GetDirectories(parent, System.IO.Path.GetFileName(path) + Infix + "*"))
            RemoveIfNobodys(left);
    }

    /// <summary>Puts the folder in its place.</summary>
    /// <returns>False where another process was faster; this folder is then given up.</returns>
    /// <exception cref="IOException">It cannot be put there.</exception>
    public bool Complete()
    {
        try
        {
            Directory.Move(Path, _target);
            return true;
        }
        catch (IOException) when (Directory.Exists(_target))
        {
            return false;
        }
    }

    /// <summary>Removes the folder if it was not completed.</summary>
    public void Dispose()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
        _lock.Dispose();
    }

    private static FileStream Lock(string folder, FileMode mode) =>
        new(folder + LockSuffix, mode, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);

    private static void RemoveIfNobodys(string folder)
    {
        try
        {
            using FileStream taken = Lock(folder, FileMode.OpenOrCreate);
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Somebody is at work on it, or has just finished.
        }
    }
}
