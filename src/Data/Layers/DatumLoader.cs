using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Images;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Transforms;

namespace CaffeActors.Data.Layers;

/// <summary>
/// Turns one Datum after the other into the values of a top: read, resize, transform. It keeps the buffers between
/// records. Not thread-safe.
/// </summary>
internal sealed unsafe class DatumLoader(
    DataTransformer transformer, DataExtension extension, FailureFactory failure, Action<string> notice)
{
    private readonly DatumReader _reader = new(failure);
    private readonly PixelBuffer _resized = new();
    private readonly BilinearResizer _resizer = new();
    private PlanarPixels _image;
    private bool _rawForcedNoted;

    /// <summary>The label of the open record.</summary>
    public int Label => _reader.Label;

    /// <summary>
    /// Reads a record up to its transformation. Its bytes must stay until <see cref="Transform"/> is done.
    /// </summary>
    /// <returns>The shape of the transformed image.</returns>
    public (int Channels, int Height, int Width) Open(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        _image = _reader.Open(key, value, transformer.ColorMode);
        if (!_reader.IsEncoded && transformer.ColorMode != ColorMode.AsStored && !_rawForcedNoted)
        {
            _rawForcedNoted = true;
            notice("force_color and force_gray are for encoded images; they have no effect on the records here.");
        }

        (int height, int width) = (extension.ResizeHeight, extension.ResizeWidth);
        if (height > 0 && (_image.Height != height || _image.Width != width))
        {
            if (_reader.IsFloat)
                throw _reader.Damaged(key, "it holds float values, and only 8-bit images can be resized");
            _image = _resizer.Resize(_image, height, width, _resized);
        }

        if (extension.Color)
            _image = _image.AsColor();
        try
        {
            return transformer.OutputShape(_image.Channels, _image.Height, _image.Width);
        }
        catch (CaffeException mismatch)
        {
            throw new CaffeException(mismatch.Code, mismatch.Kind,
                $"{mismatch.Message} (record '{Encoding.UTF8.GetString(key)}')", mismatch.Place, mismatch);
        }
    }

    /// <summary>Writes the values of the open record.</summary>
    /// <param name="record">Its number, counted over all epochs.</param>
    /// <param name="target">Room for its shape.</param>
    public void Transform(long record, float* target)
    {
        if (!_reader.IsFloat)
        {
            transformer.Transform(_image, record, target);
            return;
        }

        fixed (float* values = _reader.Floats)
        {
            transformer.Transform(
                values, _image.ChannelStride, _image.Channels, _image.Height, _image.Width, record, target);
        }
    }
}
