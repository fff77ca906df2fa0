using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Images;
using CaffeActors.Data.Transforms;
using Google.Protobuf;

namespace CaffeActors.Data.Layers;

/// <summary>
/// Hands out images and labels that a program puts in: top 0 (batch, channels, height, width), top 1 labels (batch),
/// from the first forward pass on (batch, 1, 1, 1), as in Caffe.
/// <c>memory_data_param</c>: <c>batch_size</c>, <c>channels</c>, <c>height</c> and <c>width</c>, each at least 1.
/// <see cref="Reset"/> feeds values as they are; <see cref="AddDatums"/> and <see cref="AddImages"/> feed Datum
/// messages and decoded images through <c>transform_param</c>. Forward passes cycle through what was fed last. Not
/// thread-safe: feed between passes.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("MemoryData")]
public sealed unsafe class MemoryDataLayer(LayerParameter parameter) : BatchLayer(parameter)
{
    private readonly MemoryDataParameter _data = parameter.MemoryDataParam ?? new MemoryDataParameter();
    private DataTransformer? _transformer;
    private ReadOnlyMemory<float> _images;
    private ReadOnlyMemory<float> _labels;
    private int _batchSize = (int)(parameter.MemoryDataParam?.BatchSize ?? 0);
    private int _count;
    private long _start;
    private bool _unconsumed;

    /// <inheritdoc/>
    public override int ExactTops => 2;

    /// <inheritdoc/>
    public override int BatchSize => _batchSize;

    /// <summary>Items fed last; null before the first feed.</summary>
    public override long? RecordCount => _count == 0 ? null : _count;

    /// <summary>0: everything is in memory already.</summary>
    public override int PrefetchDepth => 0;

    /// <summary>1: each replica hands out what it was fed.</summary>
    protected override int Stride => 1;

    private int ItemLength => (int)(_data.Channels * _data.Height * _data.Width);

    /// <summary>
    /// Feeds values as they are. They are not copied: they must stay as long as forward passes read them. The next
    /// pass begins with the first one; the passes cycle.
    /// </summary>
    /// <param name="images">The values of <paramref name="count"/> images.</param>
    /// <param name="labels">As many labels.</param>
    /// <param name="count">Number of images, a multiple of the batch size, at least one batch.</param>
    /// <exception cref="CaffeException">The numbers do not fit.</exception>
    public void Reset(ReadOnlyMemory<float> images, ReadOnlyMemory<float> labels, int count)
    {
        if (count <= 0 || count % BatchSize != 0)
            throw Fail(ErrorCodes.ShapeMismatch, $"{count} items are no multiple of the batch size {BatchSize}");
        if (images.Length != (long)count * ItemLength || labels.Length != count)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"{count} items need {(long)count * ItemLength} values and {count} labels, "
                + $"not {images.Length} and {labels.Length}");
        }

        if (Parameter.TransformParam is not null)
            Context.Notice($"Layer '{Name}': transform_param has no effect on data given to Reset.");
        Feed(images, labels, count);
        // The values are the caller's: other ones may follow at any time.
        _unconsumed = false;
    }

    /// <summary>
    /// Feeds Datum messages, transformed by <c>transform_param</c>. The items fed before must have been handed out.
    /// </summary>
    /// <param name="datums">Images of one shape, a multiple of the batch size.</param>
    /// <exception cref="InvalidOperationException">Items fed before are still waiting.</exception>
    /// <exception cref="CaffeException">The numbers or shapes do not fit.</exception>
    public void AddDatums(IReadOnlyList<Datum> datums)
    {
        RequireRoomFor(datums.Count);
        var preparer = new ImagePreparer(new DataExtension(), Phase, Context.Seed, 0, Fail);
        var loader = new DatumLoader(_transformer!, preparer, Fail, Context.Notice);
        float[] images = new float[datums.Count * ItemLength], labels = new float[datums.Count];
        for (int item = 0; item < datums.Count; item++)
        {
            byte[] message = datums[item].ToByteArray();
            fixed (byte* _ = message)
            {
                (int Channels, int Height, int Width) shape =
                    loader.Open(System.Text.Encoding.UTF8.GetBytes($"{item}"), message, NextPosition + item);
                RequireShape(item, shape);
                fixed (float* target = &images[item * ItemLength])
                    loader.Transform(target);
            }

            labels[item] = loader.Label;
        }

        Feed(images, labels, datums.Count);
    }

    /// <summary>
    /// Feeds decoded images, transformed by <c>transform_param</c>. They are copied. The items fed before must have
    /// been handed out.
    /// </summary>
    /// <param name="images">Images of one shape, a multiple of the batch size; see <see cref="ImageDecoder"/>.</param>
    /// <param name="labels">As many labels.</param>
    /// <exception cref="InvalidOperationException">Items fed before are still waiting.</exception>
    /// <exception cref="CaffeException">The numbers or shapes do not fit.</exception>
    public void AddImages(IReadOnlyList<PixelBuffer> images, IReadOnlyList<float> labels)
    {
        RequireRoomFor(images.Count);
        if (labels.Count != images.Count)
            throw Fail(ErrorCodes.ShapeMismatch, $"{images.Count} images need as many labels, not {labels.Count}");
        float[] values = new float[images.Count * ItemLength];
        for (int item = 0; item < images.Count; item++)
        {
            PlanarPixels image = images[item].Pixels;
            RequireShape(item, _transformer!.OutputShape(image.Channels, image.Height, image.Width));
            fixed (float* target = &values[item * ItemLength])
                _transformer.Transform(image, NextPosition + item, target);
        }

        GC.KeepAlive(images);
        Feed(values, labels.ToArray(), images.Count);
    }

    /// <summary>
    /// Sets how many items a pass hands out from now on. The items fed before must have been handed out.
    /// </summary>
    /// <param name="size">At least 1.</param>
    /// <exception cref="InvalidOperationException">Items fed before are still waiting.</exception>
    /// <exception cref="CaffeException">It is below 1.</exception>
    public void SetBatchSize(int size)
    {
        RequireHandedOut();
        if (size < 1)
            throw Fail(ErrorCodes.BadLayerParameter, $"the batch size must be at least 1, and is {size}");
        _batchSize = size;
    }

    /// <inheritdoc/>
    protected override void Open()
    {
        Check("batch_size", _data.BatchSize);
        Check("channels", _data.Channels);
        Check("height", _data.Height);
        Check("width", _data.Width);

        _transformer = new DataTransformer(Parameter.TransformParam, Phase, Context.Seed,
            RandomStream.StreamId($"{Name}/transform"), Context.ResolvePath, Fail);

        void Check(string field, uint value)
        {
            if (value is 0 or > int.MaxValue)
            {
                throw Fail(ErrorCodes.BadLayerParameter,
                    $"memory_data_param {field} must be at least 1, and is {value}");
            }
        }
    }

    /// <inheritdoc/>
    protected override void ShapeTops(Blob[] top)
    {
        top[0].Reshape(BatchSize, (int)_data.Channels, (int)_data.Height, (int)_data.Width);
        top[1].Reshape(BatchSize);
    }

    /// <inheritdoc/>
    protected override void LoadRecords(Batch batch, long first)
    {
        if (_count == 0)
        {
            throw Fail(ErrorCodes.SourceUnreadable,
                "there is nothing to hand out: the program must call Reset or AddDatums before the first pass",
                FailureKind.Data);
        }

        batch.Tops[0].Reshape(BatchSize, (int)_data.Channels, (int)_data.Height, (int)_data.Width);
        batch.Tops[1].Reshape(BatchSize, 1, 1, 1);
        Span<float> images = batch.Tops[0].MutableData, labels = batch.Tops[1].MutableData;
        Span<byte> key = stackalloc byte[16];
        int item = (int)((((first - _start) % _count) + _count) % _count);
        for (int i = 0; i < BatchSize; i++)
        {
            int at = (item + i) % _count;
            _images.Span.Slice(at * ItemLength, ItemLength).CopyTo(images[(i * ItemLength)..]);
            labels[i] = _labels.Span[at];
            at.TryFormat(key, out int digits);
            batch.AddKey(key[..digits]);
        }

        if (item + BatchSize >= _count)
            _unconsumed = false;
    }

    private void Feed(ReadOnlyMemory<float> images, ReadOnlyMemory<float> labels, int count)
    {
        (_images, _labels, _count) = (images, labels, count);
        _start = NextPosition;
        _unconsumed = true;
    }

    private void RequireHandedOut()
    {
        if (_unconsumed)
        {
            throw new InvalidOperationException(
                $"Layer '{Name}': what was added before has not been handed out yet, not all of it.");
        }
    }

    private void RequireRoomFor(int count)
    {
        RequireHandedOut();
        if (count == 0 || count % BatchSize != 0)
            throw Fail(ErrorCodes.ShapeMismatch, $"{count} items are no multiple of the batch size {BatchSize}");
        if ((long)count * ItemLength > Array.MaxLength)
            throw Fail(ErrorCodes.ShapeMismatch, $"{count} items are too many to be in memory; add fewer at a time");
    }

    private void RequireShape(int item, (int Channels, int Height, int Width) shape)
    {
        if (shape != ((int)_data.Channels, (int)_data.Height, (int)_data.Width))
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"item {item} makes an image of {shape.Channels} x {shape.Height} x {shape.Width}; "
                + $"the layer's are {_data.Channels} x {_data.Height} x {_data.Width}");
        }
    }
}
