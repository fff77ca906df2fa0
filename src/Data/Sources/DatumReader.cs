using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Images;

namespace CaffeActors.Data.Sources;

/// <summary>
/// Gives the image of one Datum record after the other: bytes where they lie, floats copied, image files decoded. It
/// keeps the buffers between records. Not thread-safe.
/// </summary>
/// <param name="failure">Makes the errors, which name the record.</param>
internal sealed unsafe class DatumReader(FailureFactory failure)
{
    private readonly PixelBuffer _decoded = new();
    private float[] _floats = [];

    /// <summary>The label of the open record.</summary>
    public int Label { get; private set; }

    /// <summary>Whether the open record holds an image file.</summary>
    public bool IsEncoded { get; private set; }

    /// <summary>
    /// Whether its values are floats: then <see cref="Floats"/> has them, and the image only tells their shape.
    /// </summary>
    public bool IsFloat { get; private set; }

    /// <summary>The values of a record of floats; the buffer may be longer.</summary>
    public float[] Floats => _floats;

    /// <summary>Reads a record.</summary>
    /// <param name="key">Its key, for errors.</param>
    /// <param name="value">The Datum, in memory that does not move and stays as long as the image is used.</param>
    /// <param name="mode">How an image file is decoded.</param>
    /// <exception cref="CaffeException">It is no Datum, holds less than it says, or cannot be decoded.</exception>
    public PlanarPixels Open(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ColorMode mode)
    {
        if (!DatumView.TryParse(value, out DatumView datum))
            throw Damaged(key, $"its {value.Length} bytes are no Datum message");
        (Label, IsEncoded, IsFloat) = (datum.Label, datum.Encoded, false);
        if (IsEncoded)
        {
            if (!ImageDecoder.TryDecode(datum.Data, mode, _decoded, out string error))
                throw Damaged(key, error);
            return _decoded.Pixels;
        }

        IsFloat = datum.Data.IsEmpty;
        long held = IsFloat ? datum.FloatCount : datum.Data.Length;
        if (datum.Count == 0 || held != datum.Count)
        {
            throw Damaged(key, $"it says {datum.Channels} x {datum.Height} x {datum.Width} and holds {held} "
                + (IsFloat ? "float values" : "bytes"));
        }

        if (IsFloat)
        {
            if (_floats.Length < datum.FloatCount)
                _floats = new float[datum.FloatCount];
            datum.CopyFloats(_floats);
        }

        var data = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(datum.Data));
        return new PlanarPixels(data, datum.Channels, datum.Height, datum.Width);
    }

    /// <summary>A failure that names a record.</summary>
    public CaffeException Damaged(ReadOnlySpan<byte> key, string what) =>
        failure(ErrorCodes.BadRecord,
            $"record '{Encoding.UTF8.GetString(key)}' cannot be used: {what}", FailureKind.Data);
}
