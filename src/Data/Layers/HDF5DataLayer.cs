using System.Text;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources.Hdf5;
using CaffeActors.Data.Transforms;

namespace CaffeActors.Data.Layers;

/// <summary>
/// Reads rows of HDF5 files: each top takes the dataset of its own name, (batch, the dataset's other axes). Rows flow
/// on from file to file and, after the last, to the first again. Numbers of any kind become floats.
/// <c>hdf5_data_param</c>: <c>source</c>, a text file that lists the HDF5 files, parted by white space;
/// <c>batch_size</c>,
/// at least 1; <c>shuffle</c>, default false: each epoch takes the files, and the rows in each, in an order that
/// follows from the run's seed and the epoch. One file at a time is open, and at most 64 MiB of its rows are in memory.
/// There is no transformation: a <c>transform_param</c> is an error, as in Caffe.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("HDF5Data")]
public sealed class HDF5DataLayer(LayerParameter parameter) : BatchLayer(parameter)
{
    private readonly HDF5DataParameter _data = parameter.Hdf5DataParam ?? new HDF5DataParameter();
    private Hdf5Rows? _rows;
    private byte[][] _paths = [];
    private ulong _stream;

    // The stretch of an epoch that one file takes, as far as it was looked up last.
    private long _epoch = -1;
    private int[] _files = [];
    private int _file;
    private long _from;
    private long _to;
    private Permutation _order;

    /// <inheritdoc/>
    public override int MinTops => 1;

    /// <inheritdoc/>
    public override int BatchSize => (int)_data.BatchSize;

    /// <inheritdoc/>
    public override long? RecordCount => _rows?.Count;

    private Hdf5Rows Rows => _rows ?? throw new InvalidOperationException($"Layer '{Name}' is used before SetUp.");

    /// <inheritdoc/>
    protected override string SourcePath => _data.Source;

    /// <inheritdoc/>
    protected override void Open()
    {
        if (Parameter.TransformParam is not null)
            throw Fail(ErrorCodes.BadLayerParameter, "this layer does not transform data; remove transform_param");
        if (_data.BatchSize is 0 or > int.MaxValue)
            throw Fail(ErrorCodes.BadLayerParameter, $"batch_size must be at least 1, and is {_data.BatchSize}");
        if (string.IsNullOrEmpty(_data.Source))
            throw Fail(ErrorCodes.BadLayerParameter, "hdf5_data_param has no source");
        string[] paths = [.. ReadList(Context.ResolvePath(_data.Source)).Select(Context.ResolvePath)];
        _stream = RandomStream.StreamId($"{Name}/shuffle");
        _paths = [.. paths.Select(Encoding.UTF8.GetBytes)];
        _files = [.. Enumerable.Range(0, paths.Length)];
        try
        {
            _rows = new Hdf5Rows(paths, [.. Parameter.Top], _data.Shuffle);
        }
        catch (CaffeException failure) when (failure.Place is null)
        {
            throw Fail(failure.Code, failure.Message, failure.Kind);
        }

        if (_rows.Count == 0)
            throw Fail(ErrorCodes.SourceUnreadable, $"the files of '{_data.Source}' hold no rows", FailureKind.Data);
    }

    /// <inheritdoc/>
    protected override void ShapeTops(Blob[] top) => Shape(top);

    /// <inheritdoc/>
    protected override void LoadRecords(Batch batch, long first)
    {
        Shape(batch.Tops);
        for (int item = 0; item < BatchSize; item++)
        {
            (int file, long row) = Find(first + ((long)item * Stride));
            AddKey(batch, file, row);
            for (int i = 0; i < batch.Tops.Count; i++)
            {
                ReadOnlySpan<float> values = Rows.Row(file, row, i);
                values.CopyTo(batch.Tops[i].MutableData[(item * values.Length)..]);
            }
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _rows?.Dispose();
        base.Dispose(disposing);
    }

    private void Shape(IReadOnlyList<Blob> tops)
    {
        Span<int> shape = stackalloc int[Blob.MaxAxes + 1];
        shape[0] = BatchSize;
        for (int i = 0; i < tops.Count; i++)
        {
            ReadOnlySpan<int> row = Rows.RowShape(i);
            row.CopyTo(shape[1..]);
            tops[i].Reshape(shape[..(row.Length + 1)]);
        }
    }

    // Where a record lies: each epoch lays the files, in its order, one after the other.
    private (int File, long Row) Find(long record)
    {
        long epoch = Math.DivRem(record, Rows.Count, out long place);
        if (epoch != _epoch)
        {
            for (int i = 0; _data.Shuffle && i < _files.Length; i++)
                _files[i] = (int)new Permutation(_files.Length, Permutation.KeyOf(Context.Seed, _stream, epoch))[i];
            (_epoch, _file, _from, _to) = (epoch, -1, 0, 0);
        }

        if (place < _from)
            (_file, _from, _to) = (-1, 0, 0);
        while (place >= _to)
        {
            _from = _to;
            _to += Rows.CountOf(_files[++_file]);
            if (_data.Shuffle && place < _to)
            {
                ulong key = Permutation.KeyOf(Context.Seed, _stream + 1 + (ulong)_files[_file], epoch);
                _order = new Permutation(_to - _from, key);
            }
        }

        return (_files[_file], _data.Shuffle ? _order[place - _from] : place - _from);
    }

    private void AddKey(Batch batch, int file, long row)
    {
        // "path:row", put together without a string.
        Span<byte> key = stackalloc byte[512];
        ReadOnlySpan<byte> path = _paths[file].AsSpan(Math.Max(0, _paths[file].Length - 480));
        path.CopyTo(key);
        key[path.Length] = (byte)':';
        row.TryFormat(key[(path.Length + 1)..], out int digits);
        batch.AddKey(key[..(path.Length + 1 + digits)]);
    }

    private string[] ReadList(string path)
    {
        try
        {
            string[] files = File.ReadAllText(path).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            return files.Length > 0 ? files
                : throw Fail(ErrorCodes.SourceUnreadable, $"'{path}' lists no HDF5 files", FailureKind.Data);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Fail(ErrorCodes.SourceUnreadable,
                $"the list of HDF5 files cannot be read: {failure.Message}", FailureKind.Data);
        }
    }
}
