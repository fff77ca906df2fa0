namespace CaffeActors.Data.Files;

/// <summary>
/// A file under a temporary name: written, flushed to disk, then renamed by <see cref="Publish"/>. Disposed without
/// that, the temporary file is removed and the file of the final name, if any, is as it was. The rename is durable
/// once the directory was flushed, which is left to the caller: several files need one such flush.
/// </summary>
internal sealed class StagedFile : IDisposable
{
    private readonly FileStream _file;
    private readonly string _temporary;
    private bool _published;

    /// <summary>Opens the temporary file; what an earlier attempt left is overwritten.</summary>
    /// <param name="path">The final name.</param>
    /// <param name="temporary">The temporary name, on the same volume; null for the final one and ".tmp".</param>
    /// <param name="decorate">Puts a stream in front of the file's, to watch or break it; null for none.</param>
    public StagedFile(string path, string? temporary = null, Func<Stream, Stream>? decorate = null)
    {
        Path = path;
        _temporary = temporary ?? path + AtomicFile.TemporarySuffix;
        _file = new FileStream(_temporary, FileMode.Create, FileAccess.ReadWrite, FileShare.Read, 1 << 16);
        Stream = decorate?.Invoke(_file) ?? _file;
    }

    /// <summary>The final name.</summary>
    public string Path { get; }

    /// <summary>The temporary file, to be written: readable, writable, seekable.</summary>
    public Stream Stream { get; }

    /// <summary>Writes through to the disk; what was written stays open for reading.</summary>
    public void FlushToDisk()
    {
        Stream.Flush();
        _file.Flush(flushToDisk: true);
    }

    /// <summary>Closes the file and gives it its final name. It must have been flushed.</summary>
    public void Publish()
    {
        _file.Dispose();
        File.Move(_temporary, Path, overwrite: true);
        _published = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_published)
            return;
        // What is still buffered does not fit on a full disk; the file must go all the same, to make room.
        TryTo(_file.Dispose);
        TryTo(() => File.Delete(_temporary));
    }

    private static void TryTo(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (AtomicFile.IsFileFailure(exception))
        {
            // The failure that brought us here is the one to be told; the next start removes what is left.
        }
    }
}
