using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Images;
using CaffeActors.Data.Sources;

namespace CaffeActors.Data.Transforms;

/// <summary>
/// Caffe's <c>transform_param</c>: y = (x - mean) * scale for each value, cropped and mirrored.
/// <list type="bullet">
/// <item><c>scale</c>: default 1.</item>
/// <item><c>crop_size</c>: side of a square window; at a random place in TRAIN, in the middle in TEST; 0, the default:
/// none.</item>
/// <item><c>mirror</c>: each image is flipped left to right with probability 1/2, in either phase; default
/// false.</item>
/// <item><c>mean_file</c>: a BlobProto of the image's full size, taken at the window's place; or <c>mean_value</c>:
/// one for all channels or one for each. Not both.</item>
/// <item><c>force_color</c>, <c>force_gray</c>: how encoded images are decoded. Not both.</item>
/// </list>
/// The random decisions of a record are drawn from a stream at the record's number, in the order mirror, row, column,
/// each a modulus as Caffe takes it: which thread transforms it, and when, does not change them. Thread-safe.
/// </summary>
public sealed unsafe class DataTransformer
{
    private readonly TransformationParameter _parameter;
    private readonly FailureFactory _failure;
    private readonly Phase _phase;
    private readonly ulong _seed;
    private readonly ulong _stream;
    private readonly MeanImage? _mean;
    private readonly float[] _meanValues;

    /// <summary>Takes the parameters and reads the mean file.</summary>
    /// <param name="parameter">The message; null for none.</param>
    /// <param name="phase">TRAIN or TEST.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="stream">Number of the random stream.</param>
    /// <param name="resolvePath">Finds the mean file.</param>
    /// <param name="failure">Makes errors.</param>
    /// <exception cref="CaffeException">Parameters exclude each other, or the mean file cannot be read.</exception>
    public DataTransformer(
        TransformationParameter? parameter, Phase phase, ulong seed, ulong stream,
        Func<string, string> resolvePath, FailureFactory failure)
    {
        _parameter = parameter ?? new TransformationParameter();
        (_phase, _seed, _stream, _failure) = (phase, seed, stream, failure);
        _meanValues = [.. _parameter.MeanValue];
        if (_parameter.ForceColor && _parameter.ForceGray)
            throw failure(ErrorCodes.BadLayerParameter, "force_color and force_gray cannot both be set");
        if (!_parameter.HasMeanFile)
            return;
        if (_meanValues.Length > 0)
            throw failure(ErrorCodes.BadLayerParameter, "mean_file and mean_value cannot both be given");
        _mean = MeanImage.Read(resolvePath(_parameter.MeanFile), failure);
    }

    /// <summary>How encoded images are to be decoded.</summary>
    public ColorMode ColorMode =>
        _parameter.ForceColor ? ColorMode.Color : _parameter.ForceGray ? ColorMode.Gray : ColorMode.AsStored;

    /// <summary>The shape of a transformed image.</summary>
    /// <exception cref="CaffeException">The image is smaller than the crop, or the mean does not fit it.</exception>
    public (int Channels, int Height, int Width) OutputShape(int channels, int height, int width)
    {
        int crop = Crop;
        if (height < crop || width < crop)
        {
            throw _failure(ErrorCodes.ShapeMismatch,
                $"an image of {height} x {width} is smaller than crop_size {crop}");
        }

        if (_mean is not null && (_mean.Channels, _mean.Height, _mean.Width) != (channels, height, width))
        {
            throw _failure(ErrorCodes.ShapeMismatch,
                $"the mean in '{_parameter.MeanFile}' has {_mean.Channels} x {_mean.Height} x {_mean.Width} values, "
                + $"the images have {channels} x {height} x {width}");
        }

        if (_meanValues.Length > 1 && _meanValues.Length != channels)
        {
            throw _failure(ErrorCodes.ShapeMismatch,
                $"mean_value is given {_meanValues.Length} times; it must be given once, or once for each of the "
                + $"{channels} channels");
        }

        return crop > 0 ? (channels, crop, crop) : (channels, height, width);
    }

    /// <summary>Transforms an 8-bit image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="record">The record's number, counted over all epochs: its random decisions follow from it.</param>
    /// <param name="target">Room for the values of <see cref="OutputShape"/>.</param>
    public void Transform(PlanarPixels image, long record, float* target) =>
        Transform<byte>(image.Data, image.ChannelStride, image.Channels, image.Height, image.Width, record, target);

    /// <summary>Transforms an image of floats.</summary>
    /// <param name="image">Its values.</param>
    /// <param name="channelStride">Distance of its channels; 0 shows one channel several times.</param>
    /// <param name="channels">Its channels.</param>
    /// <param name="height">Its rows.</param>
    /// <param name="width">Its columns.</param>
    /// <param name="record">The record's number.</param>
    /// <param name="target">Room for the values of <see cref="OutputShape"/>.</param>
    public void Transform(
        float* image, long channelStride, int channels, int height, int width, long record, float* target) =>
        Transform<float>(image, channelStride, channels, height, width, record, target);

    private int Crop => (int)Math.Min(_parameter.CropSize, int.MaxValue);

    private void Transform<T>(
        T* image, long channelStride, int channels, int height, int width, long record, float* target)
        where T : unmanaged
    {
        (_, int outHeight, int outWidth) = OutputShape(channels, height, width);
        var draw = new RandomDraw(_seed, _stream, (ulong)record);
        bool mirror = _parameter.Mirror && draw.Bits(0) % 2 == 1;
        int top = (height - outHeight) / 2, left = (width - outWidth) / 2;
        if (Crop > 0 && _phase == Phase.Train)
        {
            top = (int)(draw.Bits(1) % (uint)(height - outHeight + 1));
            left = (int)(draw.Bits(2) % (uint)(width - outWidth + 1));
        }

        float scale = _parameter.Scale;
        fixed (float* mean = _mean?.Values)
        {
            for (int c = 0; c < channels; c++)
            {
                float value = _meanValues.Length == 0 ? 0 : _meanValues[_meanValues.Length == 1 ? 0 : c];
                for (int y = top; y < top + outHeight; y++, target += outWidth)
                {
                    T* row = image + (c * channelStride) + ((long)y * width) + left;
                    float* meanRow = mean is null ? null : mean + ((((long)c * height) + y) * width) + left;
                    TransformRow(row, meanRow, value, scale, target, outWidth, mirror);
                }
            }
        }
    }

    /// <summary>Transforms a row of bytes or floats.</summary>
    /// <param name="row">Its values.</param>
    /// <param name="meanRow">The mean of each, or null for one of all.</param>
    /// <param name="mean">The mean of all.</param>
    /// <param name="scale">What the differences are multiplied by.</param>
    /// <param name="target">Where the result goes.</param>
    /// <param name="count">Number of values.</param>
    /// <param name="mirror">Whether it goes there in falling order.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void TransformRow<T>(
        T* row, float* meanRow, float mean, float scale, float* target, int count, bool mirror)
        where T : unmanaged
    {
        Vector512<float> scales = Vector512.Create(scale), means = Vector512.Create(mean);
        Vector512<int> reversed = Vector512.Create(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
        int x = 0;
        for (; x + 16 <= count; x += 16)
        {
            Vector512<float> m = meanRow is null ? means : Vector512.Load(meanRow + x);
            Vector512<float> value = (Load16(row + x) - m) * scales;
            if (mirror)
                Vector512.Shuffle(value, reversed).Store(target + count - x - 16);
            else
                value.Store(target + x);
        }

        for (; x < count; x++)
        {
            float pixel = typeof(T) == typeof(byte) ? ((byte*)row)[x] : ((float*)row)[x];
            target[mirror ? count - 1 - x : x] = (pixel - (meanRow is null ? mean : meanRow[x])) * scale;
        }
    }

    // Of the two types the compiler keeps the branch it needs.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Load16<T>(T* pixels)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
            return Vector512.Load((float*)pixels);
        (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(Vector128.Load((byte*)pixels));
        (Vector256<uint> first, Vector256<uint> second) = Vector256.Widen(Vector256.Create(low, high));
        return Vector512.ConvertToSingle(Vector512.Create(first, second).AsInt32());
    }
}
