using CaffeActors.Api.Images;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Api;

/// <summary>Scores images by a net: whole ones by their middle, or by ten windows each. Not thread-safe.</summary>
public sealed class Classifier : IDisposable
{
    private readonly int _imageHeight;
    private readonly int _imageWidth;
    private readonly string _input;

    /// <summary>Opens a net in phase TEST.</summary>
    /// <param name="model">The net (prototxt) with one input: batch × channels × height × width.</param>
    /// <param name="weights">Weight files, comma-separated.</param>
    /// <param name="options">How images become inputs.</param>
    /// <exception cref="CaffeException">A file is missing, or the net has no such input.</exception>
    public Classifier(string model, string weights, ClassifierOptions? options = null)
        : this(CaffeNet.Open(model, Phase.Test, (options?.Net ?? new CaffeNetOptions()) with { Weights = weights }),
            options)
    {
    }

    /// <summary>Takes over a net that is open.</summary>
    /// <param name="net">The net; the classifier disposes it.</param>
    /// <param name="options">How images become inputs.</param>
    /// <exception cref="CaffeException">The net has no input for images, or the options do not fit it; it is
    /// disposed.</exception>
    public Classifier(CaffeNet net, ClassifierOptions? options = null)
    {
        options ??= new ClassifierOptions();
        Net = net;
        try
        {
            _input = ImageInput.Of(Net);
            Transformer = ImageInput.TransformerOf(Net, _input, options);
            _imageHeight = options.ImageHeight > 0 ? options.ImageHeight : Transformer.Height;
            _imageWidth = options.ImageWidth > 0 ? options.ImageWidth : Transformer.Width;
        }
        catch
        {
            Net.Dispose();
            throw;
        }
    }

    /// <summary>The net.</summary>
    public CaffeNet Net { get; }

    /// <summary>Makes the inputs.</summary>
    public InputTransformer Transformer { get; }

    /// <summary>A net's input for images: batch × channels × height × width.</summary>
    /// <exception cref="CaffeException">It has none.</exception>
    public static Blob InputOf(CaffeNet net) => net.Blobs[ImageInput.Of(net)];

    /// <summary>Scores images.</summary>
    /// <param name="images">Height × width × channels, of any size; see <see cref="ImageArrays.Load(string,
    /// bool)"/>.</param>
    /// <param name="oversample">Whether the mean is taken over ten windows (<see cref="ImageArrays.Oversample"/>);
    /// else the middle counts alone.</param>
    /// <returns>For each image the values of the net's first output.</returns>
    /// <exception cref="CaffeException">An image does not fit.</exception>
    public IReadOnlyList<float[]> Predict(IReadOnlyList<NdArray> images, bool oversample = true)
    {
        if (images.Count == 0)
            return [];
        NdArray[] resized = [.. images.Select(image => ImageArrays.Resize(image, _imageHeight, _imageWidth))];
        IReadOnlyList<NdArray> crops = oversample
            ? ImageArrays.Oversample(resized, Transformer.Height, Transformer.Width)
            : [.. resized.Select(image => ImageArrays.CenterCrop(image, Transformer.Height, Transformer.Width))];
        NdArray scores = ImageInput.Run(Net, _input, Transformer, crops);
        int each = crops.Count / images.Count;
        return [.. images.Select((_, i) => Mean(scores, i * each, each))];
    }

    /// <summary>The classes with the greatest scores, the greatest first; of equal ones the first.</summary>
    /// <param name="scores">A score for each class.</param>
    /// <param name="count">How many are wanted; all where there are fewer.</param>
    public static IReadOnlyList<(int Class, float Score)> Top(IReadOnlyList<float> scores, int count = 5) =>
        [.. scores.Select((score, i) => (Class: i, Score: score)).OrderByDescending(entry => entry.Score).Take(count)];

    /// <inheritdoc/>
    public void Dispose() => Net.Dispose();

    private static float[] Mean(NdArray scores, int first, int count)
    {
        int length = scores.Count / scores.Shape[0];
        var mean = new float[length];
        for (int k = 0; k < length; k++)
        {
            double sum = 0;
            for (int i = first; i < first + count; i++)
                sum += scores.Values[(i * length) + k];
            mean[k] = (float)(sum / count);
        }

        return mean;
    }
}
