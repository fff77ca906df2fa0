using CaffeActors.Compute.Schema;
using CaffeActors.Data.Images;
using CaffeActors.Data.Sources.Images;
using Google.Protobuf;

namespace CaffeActors.Data.Tools;

/// <summary>Makes Datum records of image files, one after the other, its buffers kept. Not thread-safe.</summary>
/// <param name="options">How.</param>
internal sealed unsafe class ImageRecordMaker(ImageSetOptions options)
{
    private readonly ImageFiles _files = new("", static path => path);
    private readonly PixelBuffer _resized = new();
    private readonly BilinearResizer _resizer = new();

    /// <summary>Reads an image and makes its record.</summary>
    /// <param name="path">The file.</param>
    /// <param name="label">The record's label.</param>
    public ImageRecord Make(string path, int label)
    {
        ColorMode mode = options.Gray ? ColorMode.Gray : ColorMode.Color;
        if (!_files.TryRead(path, out ReadOnlySpan<byte> file, out string error)
            || !_files.TryDecode(path, file, mode, out PlanarPixels image, out error))
        {
            return new ImageRecord(null, default, error);
        }

        bool resize = options.ResizeHeight > 0;
        if (resize)
            image = _resizer.Resize(image, options.ResizeHeight, options.ResizeWidth, _resized);
        (int, int, int) shape = (image.Channels, image.Height, image.Width);
        if (!options.Encoded && options.EncodeType.Length == 0)
            return new ImageRecord(Pixels(image, label), shape);

        string extension = Path.GetExtension(path).TrimStart('.');
        string type = options.EncodeType.Length > 0 ? options.EncodeType : extension;
        // The file's own bytes lose nothing, so they are taken wherever they are what is asked for.
        if (!resize && !options.Gray && ImageEncoder.IsSame(type, extension))
            return new ImageRecord(Encoded(file, label), shape);
        return ImageEncoder.TryEncode(image, type, out byte[] bytes)
            ? new ImageRecord(Encoded(bytes, label), shape)
            : new ImageRecord(null, shape, $"an image cannot be stored as '{type}'; give a type to encode it to");
    }

    private static byte[] Pixels(PlanarPixels image, int label)
    {
        int count = image.Channels * image.Height * image.Width;
        return new Datum
        {
            Channels = image.Channels,
            Height = image.Height,
            Width = image.Width,
            Data = ByteString.CopyFrom(new ReadOnlySpan<byte>(image.Data, count)),
            Label = label,
            // Caffe writes it too; so records are equal byte for byte.
            Encoded = false,
        }.ToByteArray();
    }

    private static byte[] Encoded(ReadOnlySpan<byte> file, int label) =>
        new Datum { Data = ByteString.CopyFrom(file), Label = label, Encoded = true }.ToByteArray();
}
