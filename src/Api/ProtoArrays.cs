using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Images;
using Google.Protobuf;

namespace CaffeActors.Api;

/// <summary>Arrays to and from Caffe's messages.</summary>
public static class ProtoArrays
{
    /// <summary>The array of a stored blob.</summary>
    /// <param name="proto">The message; of the old form with four axes too.</param>
    /// <param name="diff">Whether its diff is wanted instead of its data.</param>
    /// <exception cref="CaffeException">The number of values is not the shape's.</exception>
    public static NdArray ToArray(BlobProto proto, bool diff = false)
    {
        using var blob = new Blob();
        blob.FromProto(proto);
        return diff ? NdArray.DiffOf(blob) : NdArray.DataOf(blob);
    }

    /// <summary>A blob to be stored.</summary>
    /// <param name="data">Its data.</param>
    /// <param name="diff">Its diff, of the same shape; null for none.</param>
    /// <exception cref="CaffeException">The shapes differ.</exception>
    public static BlobProto ToBlobProto(NdArray data, NdArray? diff = null)
    {
        using var blob = new Blob(data.Shape);
        data.CopyTo(blob);
        diff?.CopyToDiff(blob);
        return blob.ToProto(withDiff: diff is not null);
    }

    /// <summary>Blobs to be stored together.</summary>
    public static BlobProtoVector ToBlobProtoVector(IEnumerable<NdArray> arrays) =>
        new() { Blobs = { arrays.Select(array => ToBlobProto(array)) } };

    /// <summary>The arrays of blobs stored together.</summary>
    public static IReadOnlyList<NdArray> ToArrays(BlobProtoVector vector) =>
        [.. vector.Blobs.Select(proto => ToArray(proto))];

    /// <summary>A record of float values.</summary>
    /// <param name="image">Channels × height × width.</param>
    /// <param name="label">Its label.</param>
    /// <exception cref="CaffeException">The array has not three axes.</exception>
    public static Datum ToDatum(NdArray image, int label = 0)
    {
        Datum datum = Sized(image.Shape, label);
        datum.FloatData.Add(image.Values);
        return datum;
    }

    /// <summary>A record of 8-bit values.</summary>
    /// <param name="values">Channel after channel, row after row.</param>
    /// <param name="channels">Channels.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="label">Its label.</param>
    /// <exception cref="CaffeException">The number of values is not the shape's.</exception>
    public static Datum ToDatum(ReadOnlySpan<byte> values, int channels, int height, int width, int label = 0)
    {
        if (values.Length != (long)channels * height * width)
            throw Fail($"{values.Length} values do not make {channels} x {height} x {width}");
        Datum datum = Sized([channels, height, width], label);
        datum.Data = ByteString.CopyFrom(values);
        return datum;
    }

    /// <summary>The values of a record, channels × height × width; an encoded image is decoded (blue, green,
    /// red).</summary>
    /// <exception cref="CaffeException">The number of values is not the shape's, or the image is damaged.</exception>
    public static NdArray ToArray(Datum datum)
    {
        if (datum.Encoded)
            return Decode(datum);
        int[] shape = [datum.Channels, datum.Height, datum.Width];
        float[] values = datum.Data.Length > 0
            ? Array.ConvertAll(datum.Data.ToByteArray(), value => (float)value) : [.. datum.FloatData];
        if (shape.Any(length => length < 0)
            || shape.Aggregate((Int128)1, (product, length) => product * length) != values.Length)
            throw Fail($"a Datum of {string.Join(" x ", shape)} has {values.Length} values");
        return new NdArray(values, shape);
    }

    private static unsafe NdArray Decode(Datum datum)
    {
        var buffer = new PixelBuffer();
        if (!ImageDecoder.TryDecode(datum.Data.Span, ColorMode.AsStored, buffer, out string error))
            throw Fail($"an encoded Datum: {error}");
        PlanarPixels pixels = buffer.Pixels;
        NdArray image = NdArray.Zeros(pixels.Channels, pixels.Height, pixels.Width);
        for (int i = 0; i < image.Count; i++)
            image.Values[i] = pixels.Data[i];
        GC.KeepAlive(buffer);
        return image;
    }

    private static Datum Sized(ReadOnlySpan<int> shape, int label) => shape.Length == 3
        ? new Datum { Channels = shape[0], Height = shape[1], Width = shape[2], Label = label }
        : throw Fail($"a Datum has three axes (channels, height, width), not {shape.Length}");

    private static CaffeException Fail(string message) => new(ErrorCodes.ShapeMismatch, FailureKind.Data, message);
}
