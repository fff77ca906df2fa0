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
/// shape taken from the first record of each batch; top 1, if there is one: labels (batch). How the work is spread:
/// <see cref="ImageBatchLayer"/>.
/// <c>data_param</c>: <c>source</c>, the folder; <c>batch_size</c>, at least 1; <c>backend</c>, LMDB or LEVELDB (the
/// default; a folder that holds an LMDB is read as one); <c>prefetch</c>, batches to read ahead, default 4.
/// <c>rand_skip</c> and <c>force_encoded_color</c> have no effect, as in Caffe.
/// Beyond Caffe (<see cref="DataExtension"/>): shuffling, resizing, augmentation, gray as colour; several label values
/// for each record from a second data base: top 1 is then (batch, channels, height, width) of its Datum records.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Data")]
public sealed unsafe class DataLayer(LayerParameter parameter) : ImageBatchLayer(parameter)
{
    private readonly DataParameter _data = parameter.DataParam ?? new DataParameter();
    private readonly ItemBytes _keys = new();
    private readonly ItemBytes _values = new();
    private readonly ItemBytes _labelValues = new();
    private RecordSource? _source;
    private LabelSource? _labels;
    private DataTransformer? _labelTransformer;
    private DataTransformer? _transformer;
    private EpochOrder? _order;
    private int _rawForcedNoted;

    /// <inheritdoc/>
    public override int MinTops => 1;

    /// <inheritdoc/>
    public override int MaxTops => 2;

    /// <inheritdoc/>
    public override int BatchSize => (int)_data.BatchSize;

    /// <inheritdoc/>
    public override long? RecordCount => _source?.Count;

    /// <inheritdoc/>
    protected override string SourcePath => _data.Source;

    /// <inheritdoc/>
    protected override void OpenSource()
    {
        if (string.IsNullOrEmpty(_data.Source))
            throw Fail(ErrorCodes.BadLayerParameter, "data_param has no source");
        _transformer = new DataTransformer(Parameter.TransformParam, Phase, Context.Seed,
            RandomStream.StreamId($"{Name}/transform"), Context.ResolvePath, Fail);
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
        if (Extension.Labels.Length > 0)
            OpenLabels(_source);
        _order = new EpochOrder(
            _source.Count, Extension.Shuffle, Context.Seed, RandomStream.StreamId($"{Name}/shuffle"));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            _labels?.Dispose();
            _source?.Dispose();
        }
    }

    private protected override void ReadItem(Batch batch, int item, long record)
    {
        RecordSource source = _source!;
        NoteRestart(record, 0, source.Count);
        long index = _order!.IndexOf(record);
        source.Read(index, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
        batch.AddKey(key);
        _keys.Keep(item, key);
        _values.Keep(item, value);
        if (_labels is null)
            return;
        _labels.Read(index, key, out ReadOnlySpan<byte> label);
        _labelValues.Keep(item, label);
    }

    private protected override bool TakesLabels => TopCount == 2;

    private protected override ItemLoader CreateLoader() =>
        new Loader(this, new DatumLoader(_transformer!, CreatePreparer(Extension), Fail, NoteRawForced),
            _labels is null ? null : new DatumLoader(
                _labelTransformer!, CreatePreparer(new DataExtension()), FailOfLabel, static _ => { }));

    // Labels are taken as they are stored.
    private void OpenLabels(RecordSource records)
    {
        _labelTransformer = new DataTransformer(null, Phase, Context.Seed, 0, Context.ResolvePath, Fail);
        try
        {
            _labels = new LabelSource(RecordSource.Open(Context.ResolvePath(Extension.Labels)), records, Fail);
        }
        catch (CaffeException failure) when (failure.Place is null)
        {
            throw Fail(failure.Code, failure.Message, failure.Kind);
        }

        _labels.RequireSameCount();
    }

    private CaffeException FailOfLabel(string code, string message, FailureKind kind, int batchItem) =>
        Fail(code, $"of the labels in '{Extension.Labels}' {message}", kind, batchItem);

    // Once for all threads.
    private void NoteRawForced(string notice)
    {
        if (Interlocked.Exchange(ref _rawForcedNoted, 1) == 0)
            Context.Notice(notice);
    }

    private sealed class Loader(DataLayer layer, DatumLoader datums, DatumLoader? labels) : ItemLoader
    {
        private (int Channels, int Height, int Width)? _labelShape;

        public override (int Channels, int Height, int Width)? LabelShape => _labelShape;

        public override (int Channels, int Height, int Width) Open(int item, long record)
        {
            (int Channels, int Height, int Width) shape = datums.Open(layer._keys[item], layer._values[item], record);
            Label = datums.Label;
            _labelShape = labels?.Open(layer._keys[item], layer._labelValues[item], record);
            return shape;
        }

        public override void WriteLabel(float* target)
        {
            if (labels is null)
                base.WriteLabel(target);
            else
                labels.Transform(target);
        }

        public override void Transform(float* target) => datums.Transform(target);
    }
}
