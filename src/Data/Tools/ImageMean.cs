using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Images;
using CaffeActors.Data.Sources;

namespace CaffeActors.Data.Tools;

/// <summary>
/// The mean of all images of a data base, value by value: what <c>transform_param</c> takes as mean_file.
/// </summary>
/// <param name="Channels">Channels of the images.</param>
/// <param name="Height">Their rows.</param>
/// <param name="Width">Their columns.</param>
/// <param name="Values">The mean, channel after channel, row after row.</param>
/// <param name="Records">Images it was made of.</param>
public sealed record ImageMean(int Channels, int Height, int Width, float[] Values, long Records)
{
    /// <summary>Images between two calls of the progress callback.</summary>
    public const int ProgressEvery = 10_000;

    /// <summary>The mean of each channel.</summary>
    public float[] ChannelMeans =>
        [.. Values.Chunk(Height * Width).Select(plane => (float)plane.Average(value => (double)value))];

    /// <summary>Averages all images of a source; encoded ones are decoded as they are stored.</summary>
    /// <param name="source">The data base.</param>
    /// <param name="progress">Called with images done and images in all, every <see cref="ProgressEvery"/> and at the
    /// end.</param>
    /// <exception cref="CaffeException">There are no images, their sizes differ, or a record is damaged.</exception>
    public static unsafe ImageMean Compute(RecordSource source, Action<long, long>? progress = null)
    {
        FailureFactory failure = (code, message, kind, _) =>
            new CaffeException(code, kind, $"data base '{source.Path}': {message}");
        if (source.Count == 0)
            throw failure(ErrorCodes.SourceUnreadable, "it holds no records", FailureKind.Data);
        var reader = new DatumReader(failure);
        (int Channels, int Height, int Width) shape = default;
        double[] sums = [];
        for (long i = 0; i < source.Count; i++)
        {
            source.Read(i, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
            PlanarPixels image = reader.Open(key, value, ColorMode.AsStored);
            if (i == 0)
            {
                shape = (image.Channels, image.Height, image.Width);
                sums = new double[image.Channels * image.Height * image.Width];
            }

            if (shape != (image.Channels, image.Height, image.Width))
            {
                throw failure(ErrorCodes.ShapeMismatch, $"record '{Encoding.UTF8.GetString(key)}' is an image of "
                    + $"{image.Channels} x {image.Height} x {image.Width}, the first one of "
                    + $"{shape.Channels} x {shape.Height} x {shape.Width}; all must have one size", FailureKind.Data);
            }

            for (int k = 0; k < sums.Length; k++)
                sums[k] += reader.IsFloat ? reader.Floats[k] : image.Data[k];
            if ((i + 1) % ProgressEvery == 0 || i + 1 == source.Count)
                progress?.Invoke(i + 1, source.Count);
        }

        long count = source.Count;
        return new ImageMean(
            shape.Channels, shape.Height, shape.Width, Array.ConvertAll(sums, sum => (float)(sum / count)), count);
    }

    /// <summary>The form in which mean files are stored: one image of four axes.</summary>
    public BlobProto ToProto()
    {
        var proto = new BlobProto { Num = 1, Channels = Channels, Height = Height, Width = Width };
        proto.Data.Add(Values);
        return proto;
    }
}
