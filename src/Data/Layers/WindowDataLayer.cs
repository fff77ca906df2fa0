using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Images;
using CaffeActors.Data.Sources.Images;
using CaffeActors.Data.Transforms;

namespace CaffeActors.Data.Layers;

/// <summary>
/// Cuts windows of objects and of background out of images, as R-CNN trains on them. Top 0: windows (batch, 3, crop,
/// crop), v = (x - mean) * scale, 0 where a window lies outside its image; top 1: labels (batch), 0 for background.
/// Of each batch the first batch - floor(batch * fg_fraction) are background, the others foreground, each drawn with
/// replacement. How the work is spread: <see cref="ImageBatchLayer"/>.
/// <c>window_data_param</c>: <c>source</c>, see <see cref="WindowFile"/>; <c>root_folder</c>, put before each path;
/// <c>batch_size</c>, at least 1; <c>scale</c>, default 1; <c>fg_threshold</c> and <c>bg_threshold</c>, default 0.5;
/// <c>fg_fraction</c>, 0 to 1, default 0.25; <c>context_pad</c>, pixels, twice that less than the crop, default 0;
/// <c>crop_mode</c>, "warp" (the default) or "square"; <c>cache_images</c>, whether the files stay in memory.
/// <c>transform_param</c>: <c>crop_size</c>, at least 1; <c>mirror</c>; <c>mean_file</c>, taken in the middle, or
/// <c>mean_value</c>; <c>scale</c> has no effect. <c>prefetch</c> is read from <c>data_param</c>, default 4.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("WindowData")]
public sealed unsafe class WindowDataLayer(LayerParameter parameter) : ImageBatchLayer(parameter)
{
    private readonly WindowDataParameter _data = parameter.WindowDataParam ?? new WindowDataParameter();
    private readonly TransformationParameter _transform = parameter.TransformParam ?? new TransformationParameter();
    private WindowFile? _file;
    private WindowCutter? _cutter;
    private ImageFiles? _files;
    private byte[][]? _cache;
    private ulong _stream;
    private int _backgrounds;
    private (Window Window, bool Mirror)[] _chosen = [];

    /// <inheritdoc/>
    public override int ExactTops => 2;

    /// <inheritdoc/>
    public override int BatchSize => (int)_data.BatchSize;

    /// <summary>Null: windows are drawn, so there is no epoch.</summary>
    public override long? RecordCount => null;

    /// <inheritdoc/>
    protected override string SourcePath => _data.Source;

    /// <inheritdoc/>
    protected override void OpenSource()
    {
        CheckParameters();
        int foregrounds = (int)(BatchSize * _data.FgFraction);
        _backgrounds = BatchSize - foregrounds;
        _stream = RandomStream.StreamId($"{Name}/windows");
        _cutter = new WindowCutter(_data, _transform, Context.ResolvePath, Fail);
        _files = new ImageFiles(_data.RootFolder, Context.ResolvePath);
        _file = ReadFile(Context.ResolvePath(_data.Source));
        if (foregrounds > 0 && _file.Foreground.Count == 0)
            throw Lacks("foreground", $"of an overlap of at least fg_threshold {_data.FgThreshold}");
        if (_backgrounds > 0 && _file.Background.Count == 0)
            throw Lacks("background", $"of an overlap below bg_threshold {_data.BgThreshold}");
        if (_data.CacheImages)
            _cache = [.. Enumerable.Range(0, _file.Images.Count).Select(ReadImage)];
    }

    /// <inheritdoc/>
    protected override void ShapeTops(Blob[] top)
    {
        int crop = (int)_transform.CropSize;
        top[0].Reshape(BatchSize, 3, crop, crop);
        top[1].Reshape(BatchSize);
    }

    private protected override void ReadItem(Batch batch, int item, long record)
    {
        var draw = new RandomDraw(Context.Seed, _stream, (ulong)record);
        IReadOnlyList<Window> windows = item < _backgrounds ? _file!.Background : _file!.Foreground;
        Window window = windows[(int)(draw.Bits(0) % (uint)windows.Count)];
        if (item >= _chosen.Length)
            Array.Resize(ref _chosen, Math.Max(64, 2 * item));
        _chosen[item] = (window, _transform.Mirror && draw.Bits(1) % 2 == 1);
        batch.AddKey(_file.Images[window.Image]);
    }

    private protected override ItemLoader CreateLoader() => new Loader(this);

    private void CheckParameters()
    {
        if (string.IsNullOrEmpty(_data.Source))
            throw Fail(ErrorCodes.BadLayerParameter, "window_data_param has no source");
        if (_transform.CropSize is 0 or > 16384)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"transform_param crop_size must be 1 to 16384, and is {_transform.CropSize}");
        }

        if (_data.ContextPad * 2L >= _transform.CropSize)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"context_pad {_data.ContextPad} on both sides leaves nothing of crop_size {_transform.CropSize}");
        }

        if (_data.CropMode is not ("warp" or "square"))
            throw Fail(ErrorCodes.BadLayerParameter, $"crop_mode must be warp or square, and is '{_data.CropMode}'");
        if (_data.FgFraction is not (>= 0 and <= 1))
            throw Fail(ErrorCodes.BadLayerParameter, $"fg_fraction must be 0 to 1, and is {_data.FgFraction}");
        if (Extension with { Threads = 0 } != new DataExtension())
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                "of the settings beyond Caffe's schema this layer takes only the number of threads");
        }

        if (_transform.HasScale && _transform.Scale != 1)
        {
            Context.Notice($"Layer '{Name}': transform_param scale has no effect on windows; "
                + $"window_data_param scale has, which is {_data.Scale}.");
        }
    }

    private WindowFile ReadFile(string path)
    {
        try
        {
            return WindowFile.Read(path, _data.FgThreshold, _data.BgThreshold, Fail);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Fail(ErrorCodes.SourceUnreadable,
                $"the window file '{path}' cannot be read: {failure.Message}", FailureKind.Data);
        }
    }

    private byte[] ReadImage(int image)
    {
        string path = _files!.PathOf(_file!.Images[image]);
        return _files.TryRead(path, out ReadOnlySpan<byte> bytes, out string error) ? bytes.ToArray()
            : throw Fail(ErrorCodes.SourceUnreadable, $"{error} (window file '{_file.Path}')", FailureKind.Data);
    }

    private CaffeException Lacks(string kind, string meaning) => Fail(ErrorCodes.SourceUnreadable,
        $"the window file '{_file!.Path}' has no {kind} windows, {meaning}", FailureKind.Data);

    // The place is the window's line.
    private CaffeException Failure(Window window, string code, string message) => new(code, FailureKind.Data,
        Fail(code, message).Message, new SourcePlace(_file!.Path, window.Line, 1));

    private sealed class Loader(WindowDataLayer layer) : ItemLoader
    {
        private readonly ImageFiles _files = new(layer._data.RootFolder, layer.Context.ResolvePath);
        private readonly WindowCutter.Workspace _workspace = new();

        public override (int Channels, int Height, int Width) Open(int item, long record)
        {
            (Window window, bool mirror) = layer._chosen[item];
            Label = window.Label;
            string path = _files.PathOf(layer._file!.Images[window.Image]);
            ReadOnlySpan<byte> bytes = layer._cache is { } cache ? cache[window.Image] : default;
            if (layer._cache is null && !_files.TryRead(path, out bytes, out string error))
                throw layer.Failure(window, ErrorCodes.SourceUnreadable, error);
            if (!_files.TryDecode(path, bytes, ColorMode.Color, out PlanarPixels image, out error))
                throw layer.Failure(window, ErrorCodes.BadRecord, error);
            if (!layer._cutter!.TryOpen(image, window, mirror, _workspace))
            {
                throw layer.Failure(window, ErrorCodes.BadRecord, $"window {window.X1} {window.Y1} {window.X2} "
                    + $"{window.Y2} lies outside image '{path}' of {image.Width} x {image.Height} pixels");
            }

            return (3, (int)layer._transform.CropSize, (int)layer._transform.CropSize);
        }

        public override void Transform(float* target) => layer._cutter!.Write(_workspace, target);
    }
}
