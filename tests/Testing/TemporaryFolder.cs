namespace CaffeActors.Testing;

/// <summary>A folder of a test's own, removed at its end.</summary>
public sealed class TemporaryFolder : IDisposable
{
    /// <summary>Makes the folder.</summary>
    public TemporaryFolder() => Path = Directory.CreateTempSubdirectory("caffeactors-").FullName;

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>A path within it.</summary>
    public string At(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A file still open (LMDB's map, on some systems) leaves litter in the temporary folder, not a failed test.
        }
    }
}
