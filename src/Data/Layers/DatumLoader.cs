using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Images;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Transforms;

namespace CaffeActors.Data.Layers;

/// <summary>
/// Turns one Datum after the other into the values of a top: parse, decode, resize, transform. It keeps the buffers
/// between records. Not thread-safe.
/// </summary>
internal sealed unsafe class DatumLoader(
    DataTransformer transformer, DataExtension extension, LayerFailure failure, Action<string> notice)
{
    private readonly PixelBuffer _decoded = new();
    private readonly PixelBuffer _resized = new();
    private readonly BilinearResizer _resizer = new();
    private PlanarPixels _image;
    private float[] _floats = [];
    private bool _isFloat;
    private bool _rawForcedNoted;

    /// <summary>The label of the open record.</summary>
    public int Label { get; private set; }

    /// <summary>Reads a record up to its transformation. Its bytes must stay until <see cref="Transform"/> is done.</summary>
    /// <returns>The shape of the transformed image.</returns>
    public (int Channels, int Height, int Width) Open(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (!DatumView.TryParse(value, out DatumView datum))
            throw Damaged(key, $"its {value.Length} bytes are no Datum message");
        Label = datum.Label;
        _isFloat = false;
        if (datum.Encoded)
        {
            if (!ImageDecoder.TryDecode(datum.Data, transformer.ColorMode, _decoded, out string error))
                throw Damaged(key, error);
            _image = _decoded.Pixels;
        }
        else
        {
            OpenRaw(key, datum);
        }

        if (extension.ResizeHeight > 0 && (_image.Height != extension.ResizeHeight || _image.Width != extension.ResizeWidth))
        {
            if (_isFloat)
                throw Damaged(key, "it holds float values, and only 8-bit images can be resized");
            _image = _resizer.Resize(_image, extension.ResizeHeight, extension.ResizeWidth, _resized);
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
        if (!_isFloat)
        {
            transformer.Transform(_image, record, target);
            return;
        }

        fixed (float* values = _floats)
            transformer.Transform(values, _image.ChannelStride, _image.Channels, _image.Height, _image.Width, record, target);
    }

    private void OpenRaw(ReadOnlySpan<byte> key, DatumView datum)
    {
        if (transformer.ColorMode != ColorMode.AsStored && !_rawForcedNoted)
        {
            _rawForcedNoted = true;
            notice("force_color and force_gray are for encoded images; the records here are not, so they have no effect.");
        }

        _isFloat = datum.Data.IsEmpty;
        long held = _isFloat ? datum.FloatCount : datum.Data.Length;
        if (datum.Count == 0 || held != datum.Count)
        {
            throw Damaged(key, $"it says {datum.Channels} x {datum.Height} x {datum.Width} and holds {held} "
                + (_isFloat ? "float values" : "bytes"));
        }

        byte* data = null;
        if (_isFloat)
        {
            if (_floats.Length < datum.FloatCount)
                _floats = new float[datum.FloatCount];
            datum.CopyFloats(_floats);
        }
        else
        {
            // The source's memory does not move.
            data = (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(
                ref System.Runtime.InteropServices.MemoryMarshal.GetReference(datum.Data));
        }

        _image = new PlanarPixels(data, datum.Channels, datum.Height, datum.Width);
    }

    private CaffeException Damaged(ReadOnlySpan<byte> key, string what) =>
        failure(ErrorCodes.BadRecord, $"record '{Encoding.UTF8.GetString(key)}' cannot be used: {what}", FailureKind.Data);
}
