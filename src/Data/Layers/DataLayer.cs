using System.Text;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Transforms;

namespace CaffeActors.Data.Layers;

/// <summary>
/// Reads images and labels from a data base of Datum records, in the order of their keys, over and over.
/// Top 0: images (batch, channels, height, width) after <c>transform_param</c> (<see cref="DataTransformer"/>), the
/// shape taken from the first record of each batch; top 1, if there is one: labels (batch).
/// <c>data_param</c>: <c>source</c>, the folder; <c>batch_size</c>, at least 1; <c>backend</c>, LMDB or LEVELDB (the
/// default; a folder that holds an LMDB is read as one); <c>prefetch</c>, batches to read ahead, default 4.
/// <c>rand_skip</c> and <c>force_encoded_color</c> have no effect, as in Caffe.
/// Beyond Caffe (<see cref="DataExtension"/>): shuffling, resizing, gray as colour.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Data")]
public sealed unsafe class DataLayer(LayerParameter parameter) : BatchLayer(parameter)
{
    private readonly DataParameter _data = parameter.DataParam ?? new DataParameter();
    private DataExtension _extension = new();
    private RecordSource? _source;
    private DatumLoader? _loader;
    private ulong _shuffleStream;
    private long _shuffledEpoch = -1;
    private Permutation _order;

    /// <inheritdoc/>
    public override int MinTops => 1;

    /// <inheritdoc/>
    public override int MaxTops => 2;

    /// <inheritdoc/>
    public override int BatchSize => (int)_data.BatchSize;

    /// <inheritdoc/>
    public override long? RecordCount => _source?.Count;

    private RecordSource Source =>
        _source ?? throw new InvalidOperationException($"Layer '{Name}' is used before SetUp.");

    /// <inheritdoc/>
    protected override void Open()
    {
        if (_data.BatchSize is 0 or > int.MaxValue)
            throw Fail(ErrorCodes.BadLayerParameter, $"batch_size must be at least 1, and is {_data.BatchSize}");
        if (string.IsNullOrEmpty(_data.Source))
            throw Fail(ErrorCodes.BadLayerParameter, "data_param has no source");
        if (Context.Extensions.TryGetValue(Name, out object? extension))
            _extension = (DataExtension)extension;
        if ((_extension.ResizeHeight > 0) != (_extension.ResizeWidth > 0)
            || _extension.ResizeHeight < 0 || _extension.ResizeWidth < 0)
        {
            throw Fail(ErrorCodes.BadLayerParameter, $"images cannot be resized to "
                + $"{_extension.ResizeHeight} x {_extension.ResizeWidth}; give both sides, or neither");
        }

        var transformer = new DataTransformer(Parameter.TransformParam, Phase, Context.Seed,
            RandomStream.StreamId($"{Name}/transform"), Context.ResolvePath, Fail);
        _shuffleStream = RandomStream.StreamId($"{Name}/shuffle");
        _loader = new DatumLoader(transformer, _extension, Fail, Context.Notice);
        try
        {
            _source = RecordSource.Open(Context.ResolvePath(_data.Source), _data.Backend, Context.Notice);
        }
        catch (CaffeException failure) when (failure.Place is null)
        {
            throw Fail(failure.Code, failure.Message, failure.Kind);
        }

        if (_source.Count == 0)
            throw Fail(ErrorCodes.SourceUnreadable, $"data source '{_source.Path}' holds no records", FailureKind.Data);
    }

    /// <inheritdoc/>
    protected override void ShapeTops(Blob[] top)
    {
        Source.Read(0, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
        Shape(top, _loader!.Open(key, value));
    }

    /// <inheritdoc/>
    protected override void LoadRecords(Batch batch, long first)
    {
        DatumLoader loader = _loader!;
        float* images = null, labels = null;
        int length = 0;
        for (int item = 0; item < BatchSize; item++)
        {
            long record = first + ((long)item * Stride);
            long index = IndexOf(record);
            bool restarts = record >= Stride && record / Source.Count != (record - Stride) / Source.Count;
            if (restarts && Context.SolverRank == 0)
                Context.Notice("Restarting data prefetching from start.");
            Source.Read(index, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
            batch.AddKey(key);
            (int Channels, int Height, int Width) shape = loader.Open(key, value);
            if (item == 0)
            {
                Shape(batch.Tops, shape);
                length = batch.Tops[0].Count / BatchSize;
                images = (float*)batch.Tops[0].DataMemory.OverwriteCpuData();
                if (TopCount > 1)
                    labels = (float*)batch.Tops[1].DataMemory.OverwriteCpuData();
            }

            Blob top = batch.Tops[0];
            if (shape != (top.Dim(1), top.Dim(2), top.Dim(3)))
            {
                throw Fail(ErrorCodes.ShapeMismatch,
                    $"record '{Encoding.UTF8.GetString(key)}' makes an image of "
                    + $"{shape.Channels} x {shape.Height} x {shape.Width}, the first of its batch, "
                    + $"'{batch.RecordKey(0)}', one of {top.Dim(1)} x {top.Dim(2)} x {top.Dim(3)}; "
                    + "set crop_size, resize the images, or use batch_size 1", FailureKind.Data);
            }

            loader.Transform(record, images + ((long)item * length));
            if (labels is not null)
                labels[item] = loader.Label;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _source?.Dispose();
        base.Dispose(disposing);
    }

    private void Shape(IReadOnlyList<Blob> tops, (int Channels, int Height, int Width) image)
    {
        tops[0].Reshape(BatchSize, image.Channels, image.Height, image.Width);
        if (tops.Count > 1)
            tops[1].Reshape(BatchSize);
    }

    private long IndexOf(long record)
    {
        long epoch = Math.DivRem(record, Source.Count, out long place);
        if (!_extension.Shuffle)
            return place;
        if (epoch != _shuffledEpoch)
        {
            _order = new Permutation(Source.Count, Permutation.KeyOf(Context.Seed, _shuffleStream, epoch));
            _shuffledEpoch = epoch;
        }

        return _order[place];
    }
}
