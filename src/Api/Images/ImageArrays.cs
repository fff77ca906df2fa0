using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Images;

namespace CaffeActors.Api.Images;

/// <summary>
/// Images as arrays of height × width × channels: floats from 0 to 1, colours red, green, blue, as pycaffe's
/// <c>caffe.io</c> has them. <see cref="InputTransformer"/> makes a net's input of them.
/// </summary>
public static class ImageArrays
{
    /// <summary>Reads an image file (JPEG, PNG, BMP, WebP, GIF).</summary>
    /// <param name="path">The file.</param>
    /// <param name="color">Three channels; gray files give three equal ones. Else one.</param>
    /// <exception cref="CaffeException">There is no such file, or it is no image.</exception>
    public static NdArray Load(string path, bool color = true) => Load(path, color, 0, 0);

    /// <summary>Reads an image file and resizes it while its values are still 8-bit, as OpenCV does it (bilinear,
    /// rounded to whole levels).</summary>
    /// <param name="path">The file.</param>
    /// <param name="color">Three channels, else one.</param>
    /// <param name="height">Rows wanted; 0 for those of the file.</param>
    /// <param name="width">Columns wanted; 0 for those of the file.</param>
    /// <exception cref="CaffeException">There is no such file, or it is no image.</exception>
    public static unsafe NdArray Load(string path, bool color, int height, int width)
    {
        PixelBuffer buffer = new(), resized = new();
        if (!ImageDecoder.TryDecode(Read(path), color ? ColorMode.Color : ColorMode.Gray, buffer, out string error))
            throw new CaffeException(ErrorCodes.BadRecord, FailureKind.Data, $"'{path}': {error}");
        PlanarPixels pixels = buffer.Pixels;
        if (height > 0 && width > 0)
            pixels = new BilinearResizer().Resize(pixels, height, width, resized);
        NdArray image = NdArray.Zeros(pixels.Height, pixels.Width, pixels.Channels);
        int plane = pixels.Height * pixels.Width;
        for (int c = 0; c < pixels.Channels; c++)
        {
            // Blue comes first in the decoder's planes.
            byte* source = pixels.Data + ((pixels.Channels - 1 - c) * pixels.ChannelStride);
            for (int i = 0; i < plane; i++)
                image.Values[(i * pixels.Channels) + c] = source[i] / 255f;
        }

        GC.KeepAlive(buffer);
        GC.KeepAlive(resized);
        return image;
    }

    /// <summary>Resizes an image bilinearly: pixel centres at half positions, edges repeated; reducing does not
    /// smooth.</summary>
    /// <param name="image">Height × width × channels.</param>
    /// <param name="height">Rows wanted, at least 1.</param>
    /// <param name="width">Columns wanted, at least 1.</param>
    /// <exception cref="CaffeException">The array is no image.</exception>
    public static NdArray Resize(NdArray image, int height, int width)
    {
        (int sourceHeight, int sourceWidth, int channels) = SizeOf(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (sourceHeight == height && sourceWidth == width)
            return image;
        (int First, int Second, float Weight)[] rows = Taps(sourceHeight, height), columns = Taps(sourceWidth, width);
        NdArray result = NdArray.Zeros(height, width, channels);
        int target = 0;
        foreach ((int upper, int lower, float down) in rows)
        {
            foreach ((int left, int right, float along) in columns)
            {
                for (int c = 0; c < channels; c++)
                {
                    float above = Mix(image[upper, left, c], image[upper, right, c], along);
                    float below = Mix(image[lower, left, c], image[lower, right, c], along);
                    result.Values[target++] = Mix(above, below, down);
                }
            }
        }

        return result;
    }

    /// <summary>Cuts a window out of an image.</summary>
    /// <param name="image">Height × width × channels.</param>
    /// <param name="top">First row.</param>
    /// <param name="left">First column.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="mirror">Whether it is turned left to right.</param>
    /// <exception cref="CaffeException">The window is not within the image.</exception>
    public static NdArray Crop(NdArray image, int top, int left, int height, int width, bool mirror = false)
    {
        (int imageHeight, int imageWidth, int channels) = SizeOf(image);
        if (top < 0 || left < 0 || height < 1 || width < 1 || top + height > imageHeight || left + width > imageWidth)
        {
            throw new CaffeException(ErrorCodes.ShapeMismatch, FailureKind.Configuration,
                $"a window of {height} x {width} at row {top}, column {left} is not within an image of {imageHeight} x "
                + $"{imageWidth}");
        }

        NdArray crop = NdArray.Zeros(height, width, channels);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int column = left + (mirror ? width - 1 - x : x);
                image.Values.AsSpan((((top + y) * imageWidth) + column) * channels, channels)
                    .CopyTo(crop.Values.AsSpan(((y * width) + x) * channels));
            }
        }

        return crop;
    }

    /// <summary>The window in the middle of an image.</summary>
    /// <exception cref="CaffeException">It is larger than the image.</exception>
    public static NdArray CenterCrop(NdArray image, int height, int width)
    {
        (int imageHeight, int imageWidth, _) = SizeOf(image);
        return Crop(image, (imageHeight - height) / 2, (imageWidth - width) / 2, height, width);
    }

    /// <summary>Ten windows of each image: upper left, upper right, lower left, lower right, middle, and these five
    /// turned left to right.</summary>
    /// <param name="images">Images, height × width × channels.</param>
    /// <param name="height">Rows of a window.</param>
    /// <param name="width">Columns of a window.</param>
    /// <exception cref="CaffeException">A window is larger than an image.</exception>
    public static IReadOnlyList<NdArray> Oversample(IReadOnlyList<NdArray> images, int height, int width)
    {
        List<NdArray> crops = [];
        foreach (NdArray image in images)
        {
            (int imageHeight, int imageWidth, _) = SizeOf(image);
            int bottom = imageHeight - height, right = imageWidth - width;
            (int Top, int Left)[] places = [(0, 0), (0, right), (bottom, 0), (bottom, right), (bottom / 2, right / 2)];
            foreach (bool mirror in (bool[])[false, true])
                crops.AddRange(places.Select(place => Crop(image, place.Top, place.Left, height, width, mirror)));
        }

        return crops;
    }

    internal static (int Height, int Width, int Channels) SizeOf(NdArray image) => image.AxisCount == 3
        ? (image.Shape[0], image.Shape[1], image.Shape[2])
        : throw new CaffeException(ErrorCodes.ShapeMismatch, FailureKind.Configuration,
            $"an image has three axes, height, width and channels, not {image.AxisCount}");

    private static float Mix(float a, float b, float weight) => a + ((b - a) * weight);

    private static (int First, int Second, float Weight)[] Taps(int source, int target)
    {
        var taps = new (int First, int Second, float Weight)[target];
        for (int i = 0; i < target; i++)
        {
            double position = ((i + 0.5) * source / target) - 0.5;
            int first = (int)Math.Floor(position);
            taps[i] = (Math.Clamp(first, 0, source - 1), Math.Clamp(first + 1, 0, source - 1),
                (float)(position - first));
        }

        return taps;
    }

    private static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            string why = cause is FileNotFoundException or DirectoryNotFoundException
                ? $"there is no file '{path}'" : $"'{path}' cannot be read: {cause.Message}";
            throw new CaffeException(ErrorCodes.FileNotFound, FailureKind.Data, why, null, cause);
        }
    }
}
