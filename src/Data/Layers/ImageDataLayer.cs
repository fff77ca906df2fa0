using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Images;
using CaffeActors.Data.Sources.Images;
using CaffeActors.Data.Transforms;

namespace CaffeActors.Data.Layers;

/// <summary>
/// Reads image files that a list names, in the list's order, over and over. Top 0: images (batch, channels, height,
/// width) after <c>transform_param</c> (<see cref="DataTransformer"/>), the shape taken from the first image of each
/// batch; top 1: labels (batch). How the work is spread: <see cref="ImageBatchLayer"/>.
/// <c>image_data_param</c>: <c>source</c>, the list, a line for each image, its path and its label parted by the
/// line's last space; <c>root_folder</c>, put before each path; <c>batch_size</c>, at least 1, default 1;
/// <c>new_height</c> and <c>new_width</c>, the size all images are resized to (bilinear, as OpenCV does it), both or
/// neither; <c>is_color</c>, default true: three channels, else one; <c>shuffle</c>, default false: each epoch takes
/// the list in an order that follows from the run's seed and the epoch; <c>rand_skip</c>, default 0: the first epoch
/// begins after a number of images below it that follows from the seed; at most the list's length.
/// <c>prefetch</c> is read from <c>data_param</c>, default 4. Beyond Caffe: <see cref="DataExtension"/>.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("ImageData")]
public sealed unsafe class ImageDataLayer(LayerParameter parameter) : ImageBatchLayer(parameter)
{
    private readonly ImageDataParameter _data = parameter.ImageDataParam ?? new ImageDataParameter();
    private ImageList? _list;
    private DataTransformer? _transformer;
    private EpochOrder? _order;
    private long _skipped;
    private int[] _images = [];

    /// <inheritdoc/>
    public override int ExactTops => 2;

    /// <inheritdoc/>
    public override int BatchSize => (int)_data.BatchSize;

    /// <inheritdoc/>
    public override long? RecordCount => _list?.Count;

    /// <inheritdoc/>
    protected override string SourcePath => _data.Source;

    /// <inheritdoc/>
    protected override void OpenSource()
    {
        if ((_data.NewHeight > 0) != (_data.NewWidth > 0))
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"new_height is {_data.NewHeight} and new_width {_data.NewWidth}; set both, or neither");
        }

        if (string.IsNullOrEmpty(_data.Source))
            throw Fail(ErrorCodes.BadLayerParameter, "image_data_param has no source");
        _transformer = new DataTransformer(Parameter.TransformParam, Phase, Context.Seed,
            RandomStream.StreamId($"{Name}/transform"), Context.ResolvePath, Fail);
        _list = ReadList(Context.ResolvePath(_data.Source));
        if (_data.RandSkip > _list.Count)
        {
            throw Fail(ErrorCodes.BadLayerParameter, $"rand_skip {_data.RandSkip} may skip more than the "
                + $"{_list.Count} images of '{_list.Path}'; it can be that many at most");
        }

        ulong skipStream = RandomStream.StreamId($"{Name}/rand_skip");
        _skipped = _data.RandSkip == 0 ? 0 : new RandomDraw(Context.Seed, skipStream, 0).Bits(0) % _data.RandSkip;
        _order = new EpochOrder(_list.Count, _data.Shuffle || Extension.Shuffle, Context.Seed,
            RandomStream.StreamId($"{Name}/shuffle"));
    }

    private protected override void ReadItem(Batch batch, int item, long record)
    {
        NoteRestart(record, _skipped, _list!.Count);
        if (item >= _images.Length)
            Array.Resize(ref _images, Math.Max(64, 2 * item));
        _images[item] = (int)_order!.IndexOf(record + _skipped);
        batch.AddKey(_list.NameOf(_images[item]));
    }

    private protected override ItemLoader CreateLoader()
    {
        // A size set beyond the schema wins.
        DataExtension extension = Extension.ResizeHeight > 0 || Extension.ResizeWidth > 0 ? Extension
            : Extension with
            {
                ResizeHeight = (int)Math.Min(_data.NewHeight, int.MaxValue),
                ResizeWidth = (int)Math.Min(_data.NewWidth, int.MaxValue),
            };
        return new Loader(this, CreatePreparer(extension));
    }

    private protected override CaffeException Misfit(Batch batch, int item, string what) =>
        Failure(_images[item], ErrorCodes.ShapeMismatch, $"image '{batch.RecordKey(item)}' {what}");

    private ImageList ReadList(string path)
    {
        try
        {
            ImageList list = ImageList.Read(path);
            return list.Count > 0 ? list
                : throw Fail(ErrorCodes.SourceUnreadable, $"the list '{path}' names no images", FailureKind.Data);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Fail(ErrorCodes.SourceUnreadable,
                $"the list of images '{path}' cannot be read: {failure.Message}", FailureKind.Data);
        }
    }

    // The place is the image's line.
    private CaffeException Failure(int image, string code, string message)
    {
        CaffeException failure = Fail(code, message, FailureKind.Data);
        return new CaffeException(code, failure.Kind, failure.Message,
            new SourcePlace(_list!.Path, _list.LineNumberOf(image), 1));
    }

    private sealed class Loader(ImageDataLayer layer, ImagePreparer preparer) : ItemLoader
    {
        private readonly ImageFiles _files = new(layer._data.RootFolder, layer.Context.ResolvePath);
        private PlanarPixels _image;
        private long _record;

        public override (int Channels, int Height, int Width) Open(int item, long record)
        {
            int image = layer._images[item];
            Label = layer._list!.LabelOf(image);
            _record = record;
            string path = _files.PathOf(layer._list.NameOf(image));
            if (!_files.TryRead(path, out ReadOnlySpan<byte> bytes, out string error))
                throw layer.Failure(image, ErrorCodes.SourceUnreadable, error);
            ColorMode mode = layer._data.IsColor ? ColorMode.Color : ColorMode.Gray;
            if (!_files.TryDecode(path, bytes, mode, out _image, out error))
                throw layer.Failure(image, ErrorCodes.BadRecord, error);
            _image = preparer.Prepare(_image, record);
            try
            {
                return layer._transformer!.OutputShape(_image.Channels, _image.Height, _image.Width);
            }
            catch (CaffeException mismatch)
            {
                throw new CaffeException(mismatch.Code, mismatch.Kind, $"{mismatch.Message} (image '{path}')",
                    new SourcePlace(layer._list.Path, layer._list.LineNumberOf(image), 1), mismatch);
            }
        }

        public override void Transform(float* target) => layer._transformer!.Transform(_image, _record, target);
    }
}
