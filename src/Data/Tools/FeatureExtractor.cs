using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;

namespace CaffeActors.Data.Tools;

/// <summary>Runs a net over batches and hands out the values that some of its blobs have for each image.</summary>
public static class FeatureExtractor
{
    /// <summary>Features between two calls of the progress callback.</summary>
    public const int ProgressEvery = 1000;

    /// <summary>Extracts features.</summary>
    /// <param name="net">The net, with its weights; its data layers bring the images.</param>
    /// <param name="blobs">Names of blobs; the first axis of each counts images.</param>
    /// <param name="sinks">Where the features of each blob go; they are completed at the end.</param>
    /// <param name="batches">How many batches are run, at least 1.</param>
    /// <param name="progress">Called with a blob's name and how many of its features are done, every
    /// <see cref="ProgressEvery"/> and at the end.</param>
    /// <exception cref="CaffeException">The net has no such blob, or data or disk fail.</exception>
    public static void Extract(
        Net net, IReadOnlyList<string> blobs, IReadOnlyList<IFeatureSink> sinks, int batches,
        Action<string, long>? progress = null)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(sinks.Count, blobs.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(batches, 1);
        RequireBlobs(net, blobs);
        var counts = new long[blobs.Count];
        for (int batch = 0; batch < batches; batch++)
        {
            net.Forward();
            for (int i = 0; i < blobs.Count; i++)
            {
                Blob blob = net.Blob(blobs[i]);
                (int images, (int, int, int) shape) = ShapeOf(blob);
                int length = images == 0 ? 0 : blob.Count / images;
                for (int image = 0; image < images; image++)
                {
                    sinks[i].Add(blob.Data.Slice(image * length, length), shape);
                    if (++counts[i] % ProgressEvery == 0)
                        progress?.Invoke(blobs[i], counts[i]);
                }
            }
        }

        for (int i = 0; i < blobs.Count; i++)
        {
            sinks[i].Complete();
            if (counts[i] % ProgressEvery != 0)
                progress?.Invoke(blobs[i], counts[i]);
        }
    }

    /// <summary>Checks that a net has all of some blobs.</summary>
    /// <exception cref="CaffeException">It has not.</exception>
    public static void RequireBlobs(Net net, IReadOnlyList<string> blobs)
    {
        foreach (string name in blobs)
        {
            if (net.HasBlob(name))
                continue;
            string hint = Nearest.Of(name, net.BlobNames) is { } near ? $"; did you mean '{near}'?" : "";
            throw new CaffeException(ErrorCodes.Usage, FailureKind.Configuration,
                $"the net '{net.Name}' has no blob '{name}'{hint}");
        }
    }

    // Missing axes are 1, as in Caffe; a blob of more than four, which Caffe refuses, is a vector.
    private static (int Images, (int Channels, int Height, int Width) Shape) ShapeOf(Blob blob)
    {
        int axes = blob.Shape.Length;
        if (axes == 0)
            return (1, (1, 1, 1));
        int images = blob.Dim(0);
        return axes > 4
            ? (images, (images == 0 ? 0 : blob.Count / images, 1, 1))
            : (images, (axes > 1 ? blob.Dim(1) : 1, axes > 2 ? blob.Dim(2) : 1, axes > 3 ? blob.Dim(3) : 1));
    }
}
