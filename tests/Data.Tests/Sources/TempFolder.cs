namespace CaffeActors.Data.Tests.Sources;

/// <summary>A folder of a test's own, removed at its end; and the files that tests bring along.</summary>
public sealed class TempFolder : IDisposable
{
    /// <summary>The folder.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("caffeactors-").FullName;

    /// <summary>A file or folder beside the tests.</summary>
    public static string Fixture(params string[] names) =>
        System.IO.Path.Combine([AppContext.BaseDirectory, "Fixtures", .. names]);

    /// <summary>A path in the folder.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Writes an LMDB's file under a name in the folder.</summary>
    public string Lmdb(string name, ReadOnlySpan<byte> bytes)
    {
        Directory.CreateDirectory(this[name]);
        File.WriteAllBytes(System.IO.Path.Combine(this[name], "data.mdb"), bytes);
        return this[name];
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
