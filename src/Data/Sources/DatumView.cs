using System.Runtime.InteropServices;

namespace CaffeActors.Data.Sources;

/// <summary>
/// A serialized <c>Datum</c> (one image or vector with its label), read in place: nothing is copied or allocated, so
/// the view lives as long as the bytes do. An image's values are 8-bit, or floats where there are no bytes, in the
/// order channel, row, column; an encoded one's bytes are an image file.
/// </summary>
public readonly ref struct DatumView
{
    private readonly ReadOnlySpan<byte> _message;

    private DatumView(
        ReadOnlySpan<byte> message, int channels, int height, int width, int label, bool encoded,
        ReadOnlySpan<byte> data, int floatCount)
    {
        _message = message;
        Channels = channels;
        Height = height;
        Width = width;
        Label = label;
        Encoded = encoded;
        Data = data;
        FloatCount = floatCount;
    }

    /// <summary>Number of channels; 0 where it is not stored, as may be for encoded images.</summary>
    public int Channels { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>The label; 0 where it is not stored.</summary>
    public int Label { get; }

    /// <summary>Whether <see cref="Data"/> is an image file (JPEG, PNG, ...).</summary>
    public bool Encoded { get; }

    /// <summary>The 8-bit values, or the image file; empty where the values are floats.</summary>
    public ReadOnlySpan<byte> Data { get; }

    /// <summary>Number of float values.</summary>
    public int FloatCount { get; }

    /// <summary>Values that the three dimensions ask for; 2^63 - 1 where they are more.</summary>
    public long Count => (long)Int128.Min((Int128)Channels * Height * Width, long.MaxValue);

    /// <summary>Reads a message.</summary>
    /// <param name="message">The serialized Datum.</param>
    /// <param name="datum">The view; undefined where the result is false.</param>
    /// <returns>False where the bytes are no Datum.</returns>
    public static bool TryParse(ReadOnlySpan<byte> message, out DatumView datum)
    {
        int channels = 0, height = 0, width = 0, label = 0, floats = 0;
        bool encoded = false;
        ReadOnlySpan<byte> data = default;
        datum = default;
        var reader = new WireReader(message);
        while (reader.Next())
        {
            switch (reader.Tag)
            {
                case (1 << 3) | WireReader.Varint:
                    channels = (int)reader.Value;
                    break;
                case (2 << 3) | WireReader.Varint:
                    height = (int)reader.Value;
                    break;
                case (3 << 3) | WireReader.Varint:
                    width = (int)reader.Value;
                    break;
                case (4 << 3) | WireReader.Bytes:
                    data = reader.Payload;
                    break;
                case (5 << 3) | WireReader.Varint:
                    label = (int)reader.Value;
                    break;
                case (6 << 3) | WireReader.Fixed32:
                case (6 << 3) | WireReader.Bytes:
                    floats += reader.Payload.Length / sizeof(float);
                    break;
                case (7 << 3) | WireReader.Varint:
                    encoded = reader.Value != 0;
                    break;
                default:
                    break;
            }
        }

        if (reader.Failed || channels < 0 || height < 0 || width < 0)
            return false;
        datum = new DatumView(message, channels, height, width, label, encoded, data, floats);
        return true;
    }

    /// <summary>Copies the float values.</summary>
    /// <param name="target">Room for <see cref="FloatCount"/> values.</param>
    public void CopyFloats(Span<float> target)
    {
        var reader = new WireReader(_message);
        while (reader.Next())
        {
            if (reader.Tag is not ((6 << 3) | WireReader.Fixed32) and not ((6 << 3) | WireReader.Bytes))
                continue;
            ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(reader.Payload);
            values.CopyTo(target);
            target = target[values.Length..];
        }
    }
}
