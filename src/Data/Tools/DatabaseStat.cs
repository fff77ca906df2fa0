using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Sources;

namespace CaffeActors.Data.Tools;

/// <summary>What is in a data base of Datum records; made by <see cref="Collect"/>.</summary>
public sealed record DatabaseStat
{
    /// <summary>Number of records.</summary>
    public long Records { get; init; }

    /// <summary>Bytes of all keys.</summary>
    public long KeyBytes { get; init; }

    /// <summary>Bytes of all values.</summary>
    public long ValueBytes { get; init; }

    /// <summary>The first key; null where there are no records.</summary>
    public byte[]? FirstKey { get; init; }

    /// <summary>The last key; null where there are no records.</summary>
    public byte[]? LastKey { get; init; }

    /// <summary>Records that hold an image file.</summary>
    public long Encoded { get; init; }

    /// <summary>Records whose values are floats.</summary>
    public long Floats { get; init; }

    /// <summary>Records that are no Datum, or whose values are not as many as their dimensions say.</summary>
    public long Damaged { get; init; }

    /// <summary>
    /// How many records have which channels, height and width (0 0 0: not stored, as for encoded images).
    /// </summary>
    public required IReadOnlyDictionary<(int Channels, int Height, int Width), long> Shapes { get; init; }

    /// <summary>How many records have which label, by ascending label.</summary>
    public required IReadOnlyDictionary<int, long> Labels { get; init; }

    /// <summary>Looks at every record of a source.</summary>
    /// <param name="source">The data base.</param>
    /// <exception cref="CaffeException">Its pages are damaged.</exception>
    public static DatabaseStat Collect(RecordSource source)
    {
        var shapes = new SortedDictionary<(int, int, int), long>();
        var labels = new SortedDictionary<int, long>();
        long keyBytes = 0, valueBytes = 0, encoded = 0, floats = 0, damaged = 0;
        byte[]? firstKey = null, lastKey = null;
        for (long i = 0; i < source.Count; i++)
        {
            source.Read(i, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value);
            keyBytes += key.Length;
            valueBytes += value.Length;
            if (i == 0)
                firstKey = key.ToArray();
            if (i == source.Count - 1)
                lastKey = key.ToArray();
            if (!DatumView.TryParse(value, out DatumView datum)
                || (!datum.Encoded && datum.Count != (datum.Data.IsEmpty ? datum.FloatCount : datum.Data.Length)))
            {
                damaged++;
                continue;
            }

            (int, int, int) shape = (datum.Channels, datum.Height, datum.Width);
            shapes[shape] = shapes.GetValueOrDefault(shape) + 1;
            labels[datum.Label] = labels.GetValueOrDefault(datum.Label) + 1;
            encoded += datum.Encoded ? 1 : 0;
            floats += datum.Data.IsEmpty && datum.FloatCount > 0 ? 1 : 0;
        }

        return new DatabaseStat
        {
            Records = source.Count,
            KeyBytes = keyBytes,
            ValueBytes = valueBytes,
            FirstKey = firstKey,
            LastKey = lastKey,
            Encoded = encoded,
            Floats = floats,
            Damaged = damaged,
            Shapes = shapes,
            Labels = labels,
        };
    }
}
