using System.Runtime.ExceptionServices;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Data.Layers;

/// <summary>
/// A layer that reads images and, where there is a second top, a label for each: top 0 (batch, channels, height,
/// width), its shape taken from the first item of each batch; top 1 (batch), or likewise (batch, channels, height,
/// width) where labels are more than a number.
/// <para>
/// The bytes of a batch are found in record order by one thread; then its items are decoded and transformed by several
/// (<see cref="DataExtension.Threads"/>), each with buffers of its own. An item is a function of its record's bytes and
/// number, so the values do not depend on the number of threads. Of several items that fail, the first one in record
/// order is told.
/// </para>
/// </summary>
public abstract unsafe class ImageBatchLayer : BatchLayer
{
    private readonly Lock _failing = new();
    private ComputePool? _pool;
    private ItemLoader[] _loaders = [];

    // The batch that is being filled.
    private Batch? _filling;
    private long _first;
    private (int Channels, int Height, int Width) _shape;
    private (int Channels, int Height, int Width)? _labelShape;
    private float* _images;
    private float* _labels;
    private int _failedItem;
    private CaffeException? _failure;

    /// <summary>Takes the layer's message.</summary>
    protected ImageBatchLayer(LayerParameter parameter)
        : base(parameter)
    {
    }

    /// <summary>Threads that decode and transform.</summary>
    public int Threads => _loaders.Length;

    /// <summary>What is set beyond Caffe's schema.</summary>
    protected DataExtension Extension { get; private set; } = new();

    /// <summary>How many threads a number in a configuration means: 0 is one for each four cores, 1 to 8.</summary>
    public static int ThreadsOf(int configured) =>
        configured > 0 ? configured : Math.Clamp(Environment.ProcessorCount / 4, 1, 8);

    /// <summary>Opens the source and checks the parameters; called once.</summary>
    protected abstract void OpenSource();

    /// <inheritdoc/>
    protected sealed override void Open()
    {
        if (BatchSize < 1)
            throw Fail(ErrorCodes.BadLayerParameter, "batch_size must be at least 1, and at most 2147483647");
        if (Context.Extensions.TryGetValue(Name, out object? extension))
            Extension = (DataExtension)extension;
        if (Extension.Labels.Length > 0 && !TakesLabels)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                "it takes no labels from a data base of their own; only a Data layer with two tops does");
        }

        OpenSource();
        int threads = ThreadsOf(Extension.Threads > 0 ? Extension.Threads : Context.LoadThreads);
        _loaders = new ItemLoader[Math.Min(BatchSize, threads)];
        for (int i = 0; i < _loaders.Length; i++)
            _loaders[i] = CreateLoader();
        _pool = new ComputePool(_loaders.Length, $"load-{Name}");
    }

    /// <inheritdoc/>
    protected override void ShapeTops(Blob[] top)
    {
        using Batch batch = CreateBatch();
        ReadItem(batch, 0, 0);
        (int Channels, int Height, int Width) image = _loaders[0].Open(0, 0);
        Shape(top, image, _loaders[0].LabelShape);
    }

    /// <inheritdoc/>
    protected sealed override void LoadRecords(Batch batch, long first)
    {
        (_first, _failure, _failedItem) = (first, null, int.MaxValue);
        int read = 0;
        try
        {
            for (; read < BatchSize; read++)
                ReadItem(batch, read, RecordOf(read));
        }
        catch (CaffeException failure)
        {
            // The items before it come first, and one of them may be worse.
            SetFailed(read, failure);
        }

        if (read > 0)
        {
            LoadFirst(batch);
            _pool!.Run(new Items(this), read - 1);
        }

        if (_failure is not null)
            ExceptionDispatchInfo.Throw(_failure);
    }

    /// <summary>Finds what an item is made of, and tells its key. Called in record order by one thread.</summary>
    /// <param name="batch">Takes the key.</param>
    /// <param name="item">Its place in the batch.</param>
    /// <param name="record">Its number, counted over all epochs.</param>
    private protected abstract void ReadItem(Batch batch, int item, long record);

    /// <summary>Whether <see cref="DataExtension.Labels"/> means something to the layer.</summary>
    private protected virtual bool TakesLabels => false;

    /// <summary>What one thread loads with.</summary>
    private protected abstract ItemLoader CreateLoader();

    /// <summary>What prepares the images of one thread.</summary>
    private protected ImagePreparer CreatePreparer(DataExtension extension) =>
        new(extension, Phase, Context.Seed, RandomStream.StreamId($"{Name}/augment"), Fail);

    /// <summary>The failure of an item that does not have the shape of its batch's first.</summary>
    private protected virtual CaffeException Misfit(Batch batch, int item, string what) =>
        Fail(ErrorCodes.ShapeMismatch, $"record '{batch.RecordKey(item)}' {what}", FailureKind.Data);

    /// <summary>Says that the next epoch begins, where it does.</summary>
    /// <param name="record">The record's number.</param>
    /// <param name="skipped">Records that the first epoch begins after.</param>
    /// <param name="count">Records of an epoch.</param>
    private protected void NoteRestart(long record, long skipped, long count)
    {
        bool restarts = record >= Stride && (record + skipped) / count != (record + skipped - Stride) / count;
        if (restarts && Context.SolverRank == 0)
            Context.Notice("Restarting data prefetching from start.");
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _pool?.Dispose();
        base.Dispose(disposing);
    }

    private long RecordOf(int item) => _first + ((long)item * Stride);

    private void Shape(
        IReadOnlyList<Blob> tops, (int Channels, int Height, int Width) image,
        (int Channels, int Height, int Width)? label)
    {
        tops[0].Reshape(BatchSize, image.Channels, image.Height, image.Width);
        if (tops.Count > 1 && label is { } shape)
            tops[1].Reshape(BatchSize, shape.Channels, shape.Height, shape.Width);
        else if (tops.Count > 1)
            tops[1].Reshape(BatchSize);
    }

    // The first item gives the batch its shape, so it goes before the others.
    private void LoadFirst(Batch batch)
    {
        _filling = batch;
        _shape = _loaders[0].Open(0, _first);
        _labelShape = _loaders[0].LabelShape;
        Shape(batch.Tops, _shape, _labelShape);
        _images = (float*)batch.Tops[0].DataMemory.OverwriteCpuData();
        _labels = TopCount > 1 ? (float*)batch.Tops[1].DataMemory.OverwriteCpuData() : null;
        Write(0, _loaders[0]);
    }

    private void Load(int item, int worker)
    {
        if (item > Volatile.Read(ref _failedItem))
            return;
        try
        {
            ItemLoader loader = _loaders[worker];
            (int Channels, int Height, int Width) shape = loader.Open(item, RecordOf(item));
            if (shape != _shape)
            {
                throw Misfit(_filling!, item,
                    $"makes an image of {shape.Channels} x {shape.Height} x {shape.Width}, the first of its batch, "
                    + $"'{_filling!.RecordKey(0)}', one of {_shape.Channels} x {_shape.Height} x {_shape.Width}; "
                    + "set crop_size, resize the images, or use batch_size 1");
            }

            if (loader.LabelShape != _labelShape)
            {
                throw Misfit(_filling!, item,
                    $"has a label of {TextOf(loader.LabelShape)} values, the first of its batch, "
                    + $"'{_filling!.RecordKey(0)}', one of {TextOf(_labelShape)}");
            }

            Write(item, loader);
        }
        catch (CaffeException failure)
        {
            SetFailed(item, failure);
        }
    }

    private void Write(int item, ItemLoader loader)
    {
        loader.Transform(_images + ((long)item * _shape.Channels * _shape.Height * _shape.Width));
        if (_labels is null)
            return;
        (int channels, int height, int width) = _labelShape ?? (1, 1, 1);
        loader.WriteLabel(_labels + ((long)item * channels * height * width));
    }

    private static string TextOf((int Channels, int Height, int Width)? shape) =>
        shape is { } known ? $"{known.Channels} x {known.Height} x {known.Width}" : "1";

    private void SetFailed(int item, CaffeException failure)
    {
        lock (_failing)
        {
            if (item < _failedItem)
                (_failedItem, _failure) = (item, failure);
        }
    }

    private readonly struct Items(ImageBatchLayer layer) : IParallelBody
    {
        public void Invoke(int task, int worker) => layer.Load(task + 1, worker);
    }
}
