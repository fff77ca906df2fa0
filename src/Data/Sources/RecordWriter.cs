using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources.LevelDb;
using CaffeActors.Data.Sources.Lmdb;

namespace CaffeActors.Data.Sources;

/// <summary>Makes a data base of records, key and value, once and for all. Not thread-safe.</summary>
public abstract class RecordWriter : IDisposable
{
    /// <summary>Records so far.</summary>
    public long Count { get; protected set; }

    /// <summary>Starts a data base that appears at its place once it is complete, or not at all.</summary>
    /// <param name="path">The data base's folder; it must not exist.</param>
    /// <param name="backend">LMDB, whose keys must come in ascending order, or LevelDB.</param>
    /// <exception cref="CaffeException">CFA1404: the folder exists, or cannot be made.</exception>
    public static RecordWriter Create(string path, DataParameter.Types.DB backend) =>
        new StagedRecordWriter(path, backend);

    /// <summary>Starts a data base in a folder that is there.</summary>
    internal static RecordWriter CreateIn(string folder, DataParameter.Types.DB backend) =>
        backend == DataParameter.Types.DB.Lmdb ? new LmdbWriter(folder) : new LevelDbWriter(folder);

    /// <summary>Adds a record.</summary>
    /// <param name="key">The key: 1 to 511 bytes for an LMDB, greater than the one before (bytewise); any for a
    /// LevelDB, where of equal ones the last holds.</param>
    /// <param name="value">Any bytes.</param>
    /// <exception cref="CaffeException">CFA1404: the disk does not take it.</exception>
    public abstract void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>Finishes the data base. Nothing can be added afterwards.</summary>
    /// <exception cref="CaffeException">CFA1404: the disk does not take it.</exception>
    public abstract void Complete();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the files; a data base that was not completed is none.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
