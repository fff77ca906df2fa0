using System.Runtime.InteropServices;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Files;

namespace CaffeActors.Data.Hdf5;

/// <summary>
/// Gathers rows of some float32 datasets, batch by batch, in a temporary file, and makes an HDF5 file of them, whose
/// datasets must know their length before the first row is written. The HDF5 file appears whole or not at all. Not
/// thread-safe.
/// </summary>
internal sealed class RowSpool : IDisposable
{
    private readonly string _path;
    private readonly FileStream _rows;
    private readonly string[] _names;
    private readonly int[][] _rowShapes;
    private readonly List<int> _batches = [];
    private float[] _buffer = [];

    /// <summary>Opens the temporary file beside the final one; it goes when it is closed, even by a kill on
    /// Windows.</summary>
    /// <param name="path">The HDF5 file.</param>
    /// <param name="names">Names of its datasets.</param>
    /// <param name="rowShapes">For each the axis lengths of a row.</param>
    /// <exception cref="CaffeException">It cannot be opened.</exception>
    public RowSpool(string path, string[] names, int[][] rowShapes)
    {
        (_path, _names, _rowShapes) = (path, names, rowShapes);
        try
        {
            _rows = new FileStream(path + ".rows" + AtomicFile.TemporarySuffix, FileMode.Create, FileAccess.ReadWrite,
                FileShare.None, 1 << 16, FileOptions.DeleteOnClose);
        }
        catch (Exception failure) when (AtomicFile.IsFileFailure(failure))
        {
            throw AtomicFile.Failure(path, failure);
        }
    }

    /// <summary>Rows gathered.</summary>
    public long Rows => _batches.Sum(rows => (long)rows);

    /// <summary>Whether a row has the shape that was announced.</summary>
    public bool Fits(int dataset, ReadOnlySpan<int> rowShape) => rowShape.SequenceEqual(_rowShapes[dataset]);

    /// <summary>Adds as many rows to each dataset.</summary>
    /// <param name="rows">How many.</param>
    /// <param name="blobs">Their values, in the order of the datasets.</param>
    /// <exception cref="CaffeException">They cannot be written.</exception>
    public void Append(int rows, ReadOnlySpan<Blob> blobs)
    {
        try
        {
            _rows.Seek(0, SeekOrigin.End);
            foreach (Blob blob in blobs)
                _rows.Write(MemoryMarshal.AsBytes(blob.Data));
            _batches.Add(rows);
        }
        catch (Exception failure) when (AtomicFile.IsFileFailure(failure))
        {
            throw AtomicFile.Failure(_path, failure);
        }
    }

    /// <summary>Writes the HDF5 file with all rows so far.</summary>
    /// <exception cref="CaffeException">It cannot be written; what was there before still is.</exception>
    public void Save()
    {
        var writer = new Hdf5Writer();
        for (int i = 0; i < _names.Length; i++)
        {
            int dataset = i;
            writer.AddRows(_names[i], [Rows, .. _rowShapes[i].Select(axis => (long)axis)], Batches(dataset));
        }

        AtomicFile.Write(_path, writer.Save);
    }

    /// <inheritdoc/>
    public void Dispose() => _rows.Dispose();

    // A dataset's batches, one after the other; each is valid until the next.
    private IEnumerable<Memory<float>> Batches(int dataset)
    {
        long offset = 0;
        foreach (int rows in _batches)
        {
            for (int i = 0; i < _names.Length; i++)
            {
                int count = rows * Blob.CountOf(_rowShapes[i]);
                if (i == dataset)
                {
                    if (_buffer.Length < count)
                        _buffer = new float[count];
                    _rows.Seek(offset, SeekOrigin.Begin);
                    _rows.ReadExactly(MemoryMarshal.AsBytes(_buffer.AsSpan(0, count)));
                    yield return _buffer.AsMemory(0, count);
                }

                offset += (long)count * sizeof(float);
            }
        }
    }
}
