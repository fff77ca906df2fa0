using CaffeActors.Api.Images;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Api;

/// <summary>Scores windows of images by a net, as R-CNN does. Not thread-safe.</summary>
public sealed class Detector : IDisposable
{
    private readonly string _input;
    private readonly InputTransformer _transformer;
    private readonly int _contextPad;

    /// <summary>Opens a net in phase TEST.</summary>
    /// <param name="model">The net (prototxt) with one input: batch × channels × height × width.</param>
    /// <param name="weights">Weight files, comma-separated.</param>
    /// <param name="options">How images become inputs.</param>
    /// <param name="contextPad">Pixels of the input's border that show the window's surroundings; what lies outside
    /// the image is the mean. Default 0; the input must be square for any other.</param>
    /// <exception cref="CaffeException">A file is missing, or net and padding do not fit.</exception>
    public Detector(string model, string weights, ClassifierOptions? options = null, int contextPad = 0)
    {
        options ??= new ClassifierOptions();
        Net = CaffeNet.Open(model, Phase.Test, options.Net with { Weights = weights });
        try
        {
            _input = ImageInput.Of(Net);
            _transformer = ImageInput.TransformerOf(Net, _input, options);
            _contextPad = contextPad;
            if (contextPad < 0 || (contextPad > 0
                && (_transformer.Height != _transformer.Width || 2 * contextPad >= _transformer.Width)))
            {
                throw new CaffeException(ErrorCodes.ShapeMismatch, FailureKind.Configuration,
                    $"a context of {contextPad} pixels does not fit an input of {_transformer.Height} x "
                    + $"{_transformer.Width}: it must be square and wider than twice the context");
            }
        }
        catch
        {
            Net.Dispose();
            throw;
        }
    }

    /// <summary>The net.</summary>
    public CaffeNet Net { get; }

    /// <summary>Scores windows of an image.</summary>
    /// <param name="image">Height × width × channels.</param>
    /// <param name="windows">The windows.</param>
    /// <returns>For each window the values of the net's first output.</returns>
    /// <exception cref="CaffeException">A window is not within the image.</exception>
    public IReadOnlyList<float[]> DetectWindows(NdArray image, IReadOnlyList<DetectionWindow> windows)
    {
        if (windows.Count == 0)
            return [];
        NdArray scores = ImageInput.Run(Net, _input, _transformer, [.. windows.Select(window => Crop(image, window))]);
        return [.. windows.Select((_, i) => scores.Row(i).Values)];
    }

    /// <inheritdoc/>
    public void Dispose() => Net.Dispose();

    /// <summary>What the net sees of a window.</summary>
    internal NdArray Crop(NdArray image, DetectionWindow window)
    {
        if (_contextPad == 0)
        {
            return ImageArrays.Crop(image, window.Top, window.Left, window.Bottom - window.Top,
                window.Right - window.Left);
        }

        int size = _transformer.Width;
        (int imageHeight, int imageWidth, int channels) = ImageArrays.SizeOf(image);
        double scale = size / (size - (2.0 * _contextPad));
        Span down = Span.Around(window.Top, window.Bottom, scale, imageHeight, size);
        Span across = Span.Around(window.Left, window.Right, scale, imageWidth, size);
        NdArray seen = ImageArrays.Resize(
            ImageArrays.Crop(image, down.From, across.From, down.Length, across.Length), down.Shown, across.Shown);
        NdArray result = _transformer.Deprocess(NdArray.Zeros(channels, size, size));
        for (int y = 0; y < down.Shown; y++)
        {
            seen.Values.AsSpan(y * across.Shown * channels, across.Shown * channels)
                .CopyTo(result.Values.AsSpan((((down.Pad + y) * size) + across.Pad) * channels));
        }

        return result;
    }

    // One axis of a window with its surroundings: which pixels of the image are seen, and where.
    private readonly record struct Span(int From, int Length, int Pad, int Shown)
    {
        public static Span Around(int first, int last, double scale, int image, int size)
        {
            double half = (last - first + 1) / 2.0, centre = first + half;
            int from = (int)Math.Round(centre - (scale * half)), to = (int)Math.Round(centre + (scale * half));
            double zoom = size / (double)(to - from + 1);
            int pad = (int)Math.Round(Math.Max(0, -from) * zoom);
            from = Math.Clamp(from, 0, image);
            to = Math.Clamp(to, 0, image);
            if (to <= from)
            {
                throw new CaffeException(ErrorCodes.ShapeMismatch, FailureKind.Configuration,
                    $"a window from {first} to {last} is not within an image of {image} pixels");
            }

            int shown = Math.Clamp((int)Math.Round((to - from + 1) * zoom), 1, size - pad);
            return new Span(from, to - from, pad, shown);
        }
    }
}
