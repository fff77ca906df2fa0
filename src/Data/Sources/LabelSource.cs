using System.Text;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Data.Sources;

/// <summary>
/// A data base whose records are the labels of another one's: one for each, under the same key. Not thread-safe.
/// </summary>
internal sealed class LabelSource : IDisposable
{
    private readonly RecordSource _labels;
    private readonly RecordSource _records;
    private readonly FailureFactory _failure;

    /// <summary>Takes the data bases.</summary>
    /// <param name="labels">The labels; closed with this object.</param>
    /// <param name="records">What they belong to.</param>
    /// <param name="failure">Makes errors.</param>
    public LabelSource(RecordSource labels, RecordSource records, FailureFactory failure) =>
        (_labels, _records, _failure) = (labels, records, failure);

    /// <summary>Compares the numbers of records.</summary>
    /// <exception cref="CaffeException">They differ; the first key that differs is told.</exception>
    public void RequireSameCount()
    {
        if (_labels.Count != _records.Count)
            throw Differs();
    }

    /// <summary>The label of a record.</summary>
    /// <param name="index">The record's number.</param>
    /// <param name="key">The record's key.</param>
    /// <param name="value">A Datum; valid until the next call.</param>
    /// <exception cref="CaffeException">The label has another key; the first key that differs is told.</exception>
    public void Read(long index, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        _labels.Read(index, out ReadOnlySpan<byte> found, out value);
        if (!found.SequenceEqual(key))
            throw Differs();
    }

    /// <inheritdoc/>
    public void Dispose() => _labels.Dispose();

    private CaffeException Differs()
    {
        long shorter = Math.Min(_labels.Count, _records.Count), index = 0;
        for (; index < shorter; index++)
        {
            _labels.Read(index, out ReadOnlySpan<byte> label, out _);
            _records.Read(index, out ReadOnlySpan<byte> record, out _);
            if (!label.SequenceEqual(record))
                break;
        }

        return _failure(ErrorCodes.BadRecord,
            $"the labels in '{_labels.Path}' ({_labels.Count} records) are not those of '{_records.Path}' "
            + $"({_records.Count} records): record {index}, counted from 0, has the key {KeyOf(_labels, index)} there "
            + $"and {KeyOf(_records, index)} here; both must have the same keys", FailureKind.Data);
    }

    private static string KeyOf(RecordSource source, long index)
    {
        if (index >= source.Count)
            return "(none)";
        source.Read(index, out ReadOnlySpan<byte> key, out _);
        return $"'{Encoding.UTF8.GetString(key)}'";
    }
}
