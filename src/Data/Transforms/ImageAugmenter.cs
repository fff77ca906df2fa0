using CaffeActors.Compute.Random;
using CaffeActors.Data.Images;

namespace CaffeActors.Data.Transforms;

/// <summary>
/// Does what an <see cref="Augmentation"/> says. It keeps its buffers between images. Not thread-safe.
/// </summary>
/// <param name="settings">What to do.</param>
/// <param name="seed">The run's seed.</param>
/// <param name="stream">Number of the random stream.</param>
internal sealed class ImageAugmenter(Augmentation settings, ulong seed, ulong stream)
{
    private readonly AffineSampler _sampler = new();
    private readonly PixelBuffer _sampled = new();
    private readonly PixelBuffer _colored = new();

    /// <summary>Changes an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="record">The record's number: the changes follow from it and the seed.</param>
    /// <returns>An image in memory of the augmenter's, or the one given.</returns>
    public PlanarPixels Augment(PlanarPixels image, long record)
    {
        var draw = new RandomDraw(seed, stream, (ulong)record);
        if (settings.ChangesPlaces)
        {
            double angle = settings.Rotate * ((2 * draw.Float(0)) - 1);
            double scale = settings.ScaleLow + ((settings.ScaleHigh - settings.ScaleLow) * draw.Float(1));
            image = _sampler.Sample(image, angle, scale, settings.Border, (byte)settings.Fill, _sampled);
        }

        if (!settings.ChangesValues)
            return image;
        var change = new ColorChange(
            Factor(settings.Brightness, 2), Factor(settings.Contrast, 3), Factor(settings.Saturation, 4),
            settings.Hue * ((2 * draw.Float(5)) - 1));
        return change.Apply(image, _colored);

        float Factor(double most, uint position) => (float)(1 + (most * ((2 * draw.Float(position)) - 1)));
    }
}
