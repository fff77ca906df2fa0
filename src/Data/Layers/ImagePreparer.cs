using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Images;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Transforms;

namespace CaffeActors.Data.Layers;

/// <summary>
/// What happens to an 8-bit image before <c>transform_param</c>: it is resized, augmented, and gray becomes colour. It
/// keeps its buffers between images. Not thread-safe.
/// </summary>
internal sealed class ImagePreparer
{
    private readonly DataExtension _extension;
    private readonly PixelBuffer _resized = new();
    private readonly BilinearResizer _resizer = new();
    private readonly ImageAugmenter? _augmenter;

    /// <summary>Takes the settings.</summary>
    /// <param name="extension">The settings.</param>
    /// <param name="phase">The layer's phase.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="stream">Number of the random stream of augmentation.</param>
    /// <param name="failure">Makes errors.</param>
    /// <exception cref="CaffeException">A setting is out of its range.</exception>
    public ImagePreparer(DataExtension extension, Phase phase, ulong seed, ulong stream, FailureFactory failure)
    {
        _extension = extension;
        (long height, long width) = (extension.ResizeHeight, extension.ResizeWidth);
        if (height < 0 || width < 0 || (height > 0) != (width > 0))
        {
            throw failure(ErrorCodes.BadLayerParameter,
                $"images cannot be resized to {height} x {width}; give both sides, or neither");
        }

        if (4 * height * width > int.MaxValue)
            throw failure(ErrorCodes.BadLayerParameter, $"images of {height} x {width} are too large");
        if (extension.Augmentation is not { IsNone: false } augmentation)
            return;
        if (augmentation.Problem is { } problem)
            throw failure(ErrorCodes.BadLayerParameter, problem);
        if (phase == Phase.Train || augmentation.InTest)
            _augmenter = new ImageAugmenter(augmentation, seed, stream);
    }

    /// <summary>Why an image that has no 8-bit values cannot be used; null where nothing is to be done.</summary>
    public string? RefusalOfFloats(int height, int width) =>
        _extension.ResizeHeight > 0 && (_extension.ResizeHeight != height || _extension.ResizeWidth != width)
            ? "it holds float values, and only 8-bit images can be resized"
        : _augmenter is not null ? "it holds float values, and only 8-bit images can be augmented"
        : null;

    /// <summary>Prepares an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="record">The record's number.</param>
    /// <returns>It, or another in memory of the preparer's.</returns>
    public PlanarPixels Prepare(PlanarPixels image, long record)
    {
        (int height, int width) = (_extension.ResizeHeight, _extension.ResizeWidth);
        if (height > 0 && (image.Height != height || image.Width != width))
            image = _resizer.Resize(image, height, width, _resized);
        if (_augmenter is not null)
            image = _augmenter.Augment(image, record);
        return WithChannels(image);
    }

    /// <summary>An image with the channels it is to have, its values as they are.</summary>
    public PlanarPixels WithChannels(PlanarPixels image) => _extension.Color ? image.AsColor() : image;
}
