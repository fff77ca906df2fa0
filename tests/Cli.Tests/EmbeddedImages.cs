using CaffeActors.Data.Tools;
using CaffeActors.Testing;

namespace CaffeActors.Cli.Tests;

/// <summary>The databases of the embedded images, made once for all tests of a class.</summary>
public sealed class EmbeddedImages : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public EmbeddedImages() =>
        EmbeddedDataset.EnsureLmdb(EmbeddedDataset.Find(Repository.Root)!, _folder.Path);

    /// <summary>The setting that makes a run use them.</summary>
    public string Setting => $"data.root={_folder.Path}";

    public void Dispose() => _folder.Dispose();
}
