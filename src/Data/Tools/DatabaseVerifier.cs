using System.Runtime.InteropServices;
using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Images;
using CaffeActors.Data.Sources;

namespace CaffeActors.Data.Tools;

/// <summary>Looks for the first record of a data base that a net could not be trained on.</summary>
public static class DatabaseVerifier
{
    /// <summary>Records between two calls of the progress callback.</summary>
    public const int ProgressEvery = 10_000;

    /// <summary>
    /// Looks at every record: it is a Datum, its image can be decoded, it has as many values as its dimensions say and
    /// as the first one, and its label is a class.
    /// </summary>
    /// <param name="source">The data base.</param>
    /// <param name="classes">Labels are 0 to this, less 1; null: any.</param>
    /// <param name="anySize">Lets images have different sizes.</param>
    /// <param name="threads">Threads that decode; 0 takes one for each core. The result does not depend on it.</param>
    /// <param name="progress">Called with records done and records in all, every <see cref="ProgressEvery"/> and at the
    /// end.</param>
    /// <returns>Records looked at.</returns>
    /// <exception cref="CaffeException">A record is none (CFA1502), of another size (CFA1203) or has no such label
    /// (CFA1503): it names the first one's key. Or the data base is damaged (CFA1501).</exception>
    public static long Verify(
        RecordSource source, int? classes = null, bool anySize = false, int threads = 0,
        Action<long, long>? progress = null)
    {
        FailureFactory failure = (code, message, kind, _) =>
            new CaffeException(code, kind, $"data base '{source.Path}': {message}");
        long done = 0;
        (int Channels, int Height, int Width) first = default;
        OrderedWork.Run(
            Records(source), threads, () => new DatumReader(failure),
            (reader, record) => Look(reader, record.Key, record.Value),
            record =>
            {
                if (done == 0)
                    first = record.Shape;
                if (!anySize && record.Shape != first)
                {
                    throw failure(ErrorCodes.ShapeMismatch,
                        $"record '{Text(record.Key)}' is an image of {Text(record.Shape)}, the first one of "
                        + Text(first), FailureKind.Data);
                }

                if (classes is { } limit && (record.Label < 0 || record.Label >= limit))
                {
                    throw failure(ErrorCodes.LabelOutOfRange, $"record '{Text(record.Key)}' has the label "
                        + $"{record.Label}; labels are 0 to {limit - 1}", FailureKind.Data);
                }

                if (++done % ProgressEvery == 0 || done == source.Count)
                    progress?.Invoke(done, source.Count);
            });
        return done;
    }

    // Copies: a source's own bytes stay only until it is asked for the next record.
    private static IEnumerable<(byte[] Key, byte[] Value)> Records(RecordSource source)
    {
        for (long i = 0; i < source.Count; i++)
            yield return Record(source, i);

        static (byte[], byte[]) Record(RecordSource source, long index)
        {
            source.Read(index, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
            return (key.ToArray(), value.ToArray());
        }
    }

    private static (byte[] Key, int Label, (int, int, int) Shape) Look(DatumReader reader, byte[] key, byte[] value)
    {
        var pin = GCHandle.Alloc(value, GCHandleType.Pinned);
        try
        {
            PlanarPixels image = reader.Open(key, value, ColorMode.AsStored);
            return (key, reader.Label, (image.Channels, image.Height, image.Width));
        }
        finally
        {
            pin.Free();
        }
    }

    private static string Text(byte[] key) => Encoding.UTF8.GetString(key);

    private static string Text((int Channels, int Height, int Width) shape) =>
        $"{shape.Channels} x {shape.Height} x {shape.Width}";
}
