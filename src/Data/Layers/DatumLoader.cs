using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Images;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Transforms;

namespace CaffeActors.Data.Layers;

/// <summary>
/// Turns one Datum after the other into the values of a top: read, prepare, transform. It keeps the buffers between
/// records. Not thread-safe.
/// </summary>
internal sealed unsafe class DatumLoader(
    DataTransformer transformer, ImagePreparer preparer, FailureFactory failure, Action<string> notice)
{
    private readonly DatumReader _reader = new(failure);
    private PlanarPixels _image;
    private long _record;
    private bool _rawForcedNoted;

    /// <summary>The label of the open record.</summary>
    public int Label => _reader.Label;

    /// <summary>
    /// Reads a record up to its transformation. Its bytes must stay until <see cref="Transform"/> is done.
    /// </summary>
    /// <param name="key">Its key, for errors.</param>
    /// <param name="value">The Datum.</param>
    /// <param name="record">Its number, counted over all epochs.</param>
    /// <returns>The shape of the transformed image.</returns>
    public (int Channels, int Height, int Width) Open(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long record)
    {
        _record = record;
        _image = _reader.Open(key, value, transformer.ColorMode);
        if (!_reader.IsEncoded && transformer.ColorMode != ColorMode.AsStored && !_rawForcedNoted)
        {
            _rawForcedNoted = true;
            notice("force_color and force_gray are for encoded images; they have no effect on the records here.");
        }

        if (_reader.IsFloat && preparer.RefusalOfFloats(_image.Height, _image.Width) is { } refusal)
            throw _reader.Damaged(key, refusal);
        // Of floats the image only tells the shape.
        _image = _reader.IsFloat ? preparer.WithChannels(_image) : preparer.Prepare(_image, record);
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
    /// <param name="target">Room for its shape.</param>
    public void Transform(float* target)
    {
        if (!_reader.IsFloat)
        {
            transformer.Transform(_image, _record, target);
            return;
        }

        fixed (float* values = _reader.Floats)
        {
            transformer.Transform(
                values, _image.ChannelStride, _image.Channels, _image.Height, _image.Width, _record, target);
        }
    }
}
