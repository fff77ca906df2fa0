using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources.Lmdb;
using CaffeActors.Data.Tools;

namespace CaffeActors.Data.Sources;

/// <summary>Makes a data base in a folder of another name, and renames it when it is complete.</summary>
internal sealed class StagedRecordWriter : RecordWriter
{
    private readonly string _path;
    private readonly bool _isLmdb;
    private readonly StagedFolder _folder;
    private readonly RecordWriter _writer;

    /// <summary>Starts a data base.</summary>
    /// <param name="path">Its final place, where nothing may be.</param>
    /// <param name="backend">Its kind.</param>
    public StagedRecordWriter(string path, DataParameter.Types.DB backend)
    {
        (_path, _isLmdb) = (path, backend == DataParameter.Types.DB.Lmdb);
        if (Path.Exists(path))
            throw Exists();
        try
        {
            _folder = new StagedFolder(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Failed(failure);
        }

        try
        {
            _writer = CreateIn(_folder.Path, backend);
        }
        catch
        {
            _folder.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (_isLmdb && key.Length is 0 or > LmdbFormat.MaxKeyLength)
        {
            throw new CaffeException(ErrorCodes.BadRecord, FailureKind.Data,
                $"the key '{Encoding.UTF8.GetString(key)}' has {key.Length} bytes; an LMDB takes 1 to "
                + $"{LmdbFormat.MaxKeyLength}, a LevelDB any");
        }

        _writer.Put(key, value);
        Count++;
    }

    /// <inheritdoc/>
    public override void Complete()
    {
        _writer.Complete();
        try
        {
            if (!_folder.Complete())
                throw Exists();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Failed(failure);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _writer.Dispose();
            _folder.Dispose();
        }

        base.Dispose(disposing);
    }

    private CaffeException Failed(Exception failure) => new(ErrorCodes.WriteFailed, FailureKind.Data,
        $"data base '{_path}' cannot be made: {failure.Message}", inner: failure);

    private CaffeException Exists() =>
        new(ErrorCodes.WriteFailed, FailureKind.Data, $"'{_path}' exists already; remove it or choose another place");
}
