using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Images;
using CaffeActors.Data.Sources;

namespace CaffeActors.Data.Layers;

/// <summary>
/// What happens to an 8-bit image before <c>transform_param</c>: it is resized, and gray becomes colour. It keeps its
/// buffers between images. Not thread-safe.
/// </summary>
internal sealed class ImagePreparer
{
    private readonly DataExtension _extension;
    private readonly PixelBuffer _resized = new();
    private readonly BilinearResizer _resizer = new();

    /// <summary>Takes the settings.</summary>
    /// <exception cref="CaffeException">Only one side is given, or the size is beyond what memory can hold.</exception>
    public ImagePreparer(DataExtension extension, FailureFactory failure)
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
    }

    /// <summary>Why an image that has no 8-bit values cannot be used; null where nothing is to be done.</summary>
    public string? RefusalOfFloats(int height, int width) =>
        _extension.ResizeHeight > 0 && (_extension.ResizeHeight != height || _extension.ResizeWidth != width)
            ? "it holds float values, and only 8-bit images can be resized" : null;

    /// <summary>Prepares an image.</summary>
    /// <param name="image">The image.</param>
    /// <returns>It, or another in memory of the preparer's.</returns>
    public PlanarPixels Prepare(PlanarPixels image)
    {
        (int height, int width) = (_extension.ResizeHeight, _extension.ResizeWidth);
        if (height > 0 && (image.Height != height || image.Width != width))
            image = _resizer.Resize(image, height, width, _resized);
        return _extension.Color ? image.AsColor() : image;
    }
}
