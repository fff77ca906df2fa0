using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources.LevelDb;
using CaffeActors.Data.Sources.Lmdb;

namespace CaffeActors.Data.Sources;

/// <summary>
/// A data base of records, key and value, in the order of their keys. Records are addressed by their number in that
/// order; reading on from one record to the next is cheap. Not thread-safe, but any thread may use it, one at a time.
/// </summary>
public abstract class RecordSource : IDisposable
{
    /// <summary>A source.</summary>
    /// <param name="path">The folder, as the user knows it.</param>
    protected RecordSource(string path) => Path = path;

    /// <summary>The folder, as the user knows it.</summary>
    public string Path { get; }

    /// <summary>Number of records, at least 0.</summary>
    public abstract long Count { get; }

    /// <summary>Finds a record by its number.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <param name="key">The key; valid until the next call.</param>
    /// <param name="value">The value; valid until the next call.</param>
    /// <exception cref="CaffeException">The data base is damaged.</exception>
    public abstract void Read(long index, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);

    /// <summary>Finds a record by its key.</summary>
    /// <param name="key">The key, byte for byte; not in memory of the source's, which it may use again.</param>
    /// <param name="value">The value; valid until the next call.</param>
    /// <returns>False where there is no such record.</returns>
    /// <exception cref="CaffeException">The data base is damaged.</exception>
    public abstract bool TryGet(ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);

    /// <summary>Opens a data base by what its folder holds; the kind a net names is only compared with it.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="declared">The kind the net names: <c>data_param.backend</c>, LEVELDB where it is not
    /// written.</param>
    /// <param name="notice">Takes a remark where the folder holds another kind than the net says.</param>
    /// <exception cref="CaffeException">There is no such folder, or no data base in it that can be read.</exception>
    public static RecordSource Open(string path, DataParameter.Types.DB declared, Action<string> notice)
    {
        RecordSource source = Open(path);
        if (source is LmdbSource && declared != DataParameter.Types.DB.Lmdb)
        {
            notice($"'{path}' is an LMDB, not a LevelDB as the net says (backend: LMDB is missing); "
                + "it is read as an LMDB.");
        }
        else if (source is LevelDbSource && declared != DataParameter.Types.DB.Leveldb)
        {
            notice($"'{path}' is a LevelDB, not an LMDB as the net says; it is read as a LevelDB.");
        }

        return source;
    }

    /// <summary>Opens a data base, LMDB or LevelDB, by what its folder holds.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="CaffeException">There is no such folder, or no data base in it that can be read.</exception>
    public static RecordSource Open(string path)
    {
        if (File.Exists(System.IO.Path.Combine(path, LmdbFormat.FileName)))
            return new LmdbSource(path);
        if (File.Exists(System.IO.Path.Combine(path, LevelDbFormat.CurrentName)))
            return new LevelDbSource(path);
        if (File.Exists(path))
            throw Unreadable($"data source '{path}' is a file; give the folder that holds the data base");
        if (!Directory.Exists(path))
        {
            throw Unreadable(
                $"data source '{path}' does not exist; relative paths start at '{Directory.GetCurrentDirectory()}'");
        }

        throw Unreadable($"data source '{path}' holds no data base: there is neither {LmdbFormat.FileName} (LMDB) nor "
            + $"{LevelDbFormat.CurrentName} (LevelDB) in it");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the source.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>A failure to open or read a source.</summary>
    protected static CaffeException Unreadable(string message, Exception? inner = null) =>
        new(ErrorCodes.SourceUnreadable, FailureKind.Data, message, inner: inner);
}
