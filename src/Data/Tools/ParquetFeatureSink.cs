using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Files;
using Parquet;
using Parquet.Schema;

namespace CaffeActors.Data.Tools;

/// <summary>
/// Puts features into a Parquet file: a row each, the columns <c>index</c> (INT64, from 0), <c>channels</c>,
/// <c>height</c>, <c>width</c> (INT32) and <c>values</c> (FLOAT, repeated). Rows are written in groups of about 16 MiB,
/// and the file appears whole or not at all. The library's calls block here.
/// </summary>
public sealed class ParquetFeatureSink : IFeatureSink
{
    private const int GroupValues = 4 << 20;

    private static readonly DataField _index = new DataField<long>("index", false);
    private static readonly DataField _channels = new DataField<int>("channels", false);
    private static readonly DataField _height = new DataField<int>("height", false);
    private static readonly DataField _width = new DataField<int>("width", false);
    private static readonly DataField _values = new("values", typeof(float), isNullable: false, isArray: true);
    private static readonly ParquetSchema _schema = new(_index, _channels, _height, _width, _values);

    private readonly string _path;
    private readonly StagedFile _file;
    private readonly List<(int Channels, int Height, int Width)> _shapes = [];
    private readonly List<float> _buffer = [];
    private readonly List<int> _repetitions = [];
    private ParquetWriter? _writer;
    private long _written;

    /// <summary>Starts a file.</summary>
    /// <param name="path">The file; it must not exist.</param>
    /// <exception cref="CaffeException">CFA1404: it exists, or cannot be made.</exception>
    public ParquetFeatureSink(string path)
    {
        _path = path;
        if (Path.Exists(path))
        {
            throw new CaffeException(ErrorCodes.WriteFailed, FailureKind.Data,
                $"'{path}' exists already; remove it or choose another place");
        }

        try
        {
            Directory.CreateDirectory(AtomicFile.DirectoryOf(path));
            _file = new StagedFile(path);
            _writer = ParquetWriter.CreateAsync(_schema, _file.Stream).GetAwaiter().GetResult();
        }
        catch (Exception failure) when (AtomicFile.IsFileFailure(failure))
        {
            _file?.Dispose();
            throw AtomicFile.Failure(path, failure);
        }
    }

    /// <inheritdoc/>
    public void Add(ReadOnlySpan<float> values, (int Channels, int Height, int Width) shape)
    {
        _shapes.Add(shape);
        for (int i = 0; i < values.Length; i++)
            _repetitions.Add(i == 0 ? 0 : 1);
        _buffer.AddRange(values);
        if (_buffer.Count >= GroupValues)
            Guard(WriteGroupAsync);
    }

    /// <inheritdoc/>
    public void Complete() => Guard(async () =>
    {
        if (_shapes.Count > 0)
            await WriteGroupAsync();
        await _writer!.DisposeAsync();
        _writer = null;
        _file.FlushToDisk();
        _file.Publish();
        DirectoryFlush.Run(AtomicFile.DirectoryOf(_path));
    });

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private async Task WriteGroupAsync()
    {
        using ParquetRowGroupWriter group = _writer!.CreateRowGroup();
        long first = _written;
        await group.WriteAsync<long>(_index, Column((_, i) => first + i));
        await group.WriteAsync<int>(_channels, Column((shape, _) => shape.Channels));
        await group.WriteAsync<int>(_height, Column((shape, _) => shape.Height));
        await group.WriteAsync<int>(_width, Column((shape, _) => shape.Width));
        await group.WriteAsync<float>(_values, _buffer.ToArray(), _repetitions.ToArray());
        group.CompleteValidate();
        _written += _shapes.Count;
        _shapes.Clear();
        _buffer.Clear();
        _repetitions.Clear();
    }

    private T[] Column<T>(Func<(int Channels, int Height, int Width), int, T> pick) => [.. _shapes.Select(pick)];

    private void Guard(Func<Task> write)
    {
        try
        {
            write().GetAwaiter().GetResult();
        }
        catch (Exception failure) when (AtomicFile.IsFileFailure(failure))
        {
            throw AtomicFile.Failure(_path, failure);
        }
    }
}
