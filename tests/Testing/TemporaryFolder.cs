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

    /// <summary>Writes a text file, its folders made where they are missing.</summary>
    /// <param name="name">Its path within the folder.</param>
    /// <param name="text">What it holds.</param>
    /// <returns>Its path.</returns>
    public string Write(string name, string text)
    {
        string path = At(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>The names of the files in it, sorted; not those of its folders.</summary>
    public string[] Names() =>
        [.. Directory.GetFiles(Path).Select(System.IO.Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal)];

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
