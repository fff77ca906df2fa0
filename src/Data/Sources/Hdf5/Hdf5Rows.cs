using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Hdf5;

namespace CaffeActors.Data.Sources.Hdf5;

/// <summary>
/// The rows of some HDF5 files: of each named dataset the slices along its first axis, which has one length in all
/// datasets of a file. One file at a time is open, and of its rows no more are in memory than a set size allows (but
/// one row of each dataset). Not thread-safe.
/// </summary>
internal sealed class Hdf5Rows : IDisposable
{
    /// <summary>Bytes of rows in memory by default: 64 MiB.</summary>
    public const long StandardMemory = 64L << 20;

    private readonly IReadOnlyList<string> _paths;
    private readonly IReadOnlyList<string> _names;
    private readonly bool _shuffled;
    private readonly long _memory;
    private readonly long[] _counts;
    private readonly int[][] _rowShapes;
    private readonly int[] _rowLengths;
    private readonly RowCache[] _caches;
    private Hdf5Reader? _reader;
    private int _open = -1;

    /// <summary>Looks at the files; no rows are read yet.</summary>
    /// <param name="paths">The files, at least one.</param>
    /// <param name="names">The datasets.</param>
    /// <param name="shuffled">Whether the rows of a file are asked for in no order.</param>
    /// <param name="memory">Bytes of rows in memory at most.</param>
    /// <exception cref="CaffeException">A file cannot be read, or its datasets do not fit each other or the first
    /// file's.</exception>
    public Hdf5Rows(
        IReadOnlyList<string> paths, IReadOnlyList<string> names, bool shuffled = false, long memory = StandardMemory)
    {
        (_paths, _names, _shuffled, _memory) = (paths, names, shuffled, memory);
        _counts = new long[paths.Count];
        _rowShapes = new int[names.Count][];
        _rowLengths = new int[names.Count];
        _caches = new RowCache[names.Count];
        for (int file = 0; file < paths.Count; file++)
        {
            using var reader = new Hdf5Reader(paths[file]);
            for (int i = 0; i < names.Count; i++)
                LookAt(reader, file, i);
        }
    }

    /// <summary>Number of files.</summary>
    public int Files => _paths.Count;

    /// <summary>Rows of all files.</summary>
    public long Count => _counts.Sum();

    /// <summary>Bytes of rows that are in memory.</summary>
    public long Bytes => _open < 0 ? 0 : _caches.Sum(cache => cache.Bytes);

    /// <summary>Rows of a file.</summary>
    public long CountOf(int file) => _counts[file];

    /// <summary>The shape of a row of a dataset.</summary>
    public ReadOnlySpan<int> RowShape(int dataset) => _rowShapes[dataset];

    /// <summary>A row of a dataset, until the next call; its file is opened where it is not the one that is.</summary>
    /// <exception cref="CaffeException">The file cannot be read, or has changed.</exception>
    public ReadOnlySpan<float> Row(int file, long row, int dataset)
    {
        if (file != _open)
            Open(file);
        return _caches[dataset].Row(row);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _open = -1;
        _reader?.Dispose();
        _reader = null;
    }

    private void LookAt(Hdf5Reader reader, int file, int i)
    {
        Hdf5Dataset dataset = reader.OpenDataset(_names[i]);
        IReadOnlyList<long> lengths = dataset.Lengths;
        if (lengths.Count == 0)
            throw Bad(file, $"dataset '{_names[i]}' is a single number; it needs one row for each record");
        if (i > 0 && lengths[0] != _counts[file])
            throw Bad(file, $"dataset '{_names[i]}' has {lengths[0]} rows, '{_names[0]}' has {_counts[file]}");
        _counts[file] = lengths[0];
        double length = lengths.Skip(1).Aggregate(1.0, (product, axis) => product * axis);
        if (length > Array.MaxLength || lengths.Skip(1).Any(axis => axis > int.MaxValue))
            throw Bad(file, $"a row of dataset '{_names[i]}' holds more than {Array.MaxLength} numbers");
        // A size that is only claimed must not cost memory: deflate packs 1032 bytes into one at best.
        double held = new FileInfo(_paths[file]).Length * (dataset.ChunkRows > 0 ? 1032.0 : 1);
        if (length * dataset.NumberBytes > StandardMemory + held)
            throw Bad(file, $"a row of dataset '{_names[i]}' claims {length} numbers, more than the file can hold");
        if (_rowShapes[i] is null)
        {
            _rowShapes[i] = [.. lengths.Skip(1).Select(axis => (int)axis)];
            _rowLengths[i] = (int)length;
        }

        if (!_rowShapes[i].Select(axis => (long)axis).SequenceEqual(lengths.Skip(1)))
        {
            throw Bad(file, $"a row of dataset '{_names[i]}' has the shape {string.Join(' ', lengths.Skip(1))} "
                + $"({length}), in '{_paths[0]}' it is {Blob.FormatShape(_rowShapes[i])}");
        }

        if (length == 0)
            throw Bad(file, $"a row of dataset '{_names[i]}' holds no numbers");
    }

    private void Open(int file)
    {
        Dispose();
        _reader = new Hdf5Reader(_paths[file]);
        // The small datasets first: what they leave of their share goes to the larger ones.
        long left = _memory;
        int parts = _names.Count;
        foreach (int i in Enumerable.Range(0, _names.Count).OrderBy(i => _rowLengths[i]))
        {
            Hdf5Dataset dataset = _reader.OpenDataset(_names[i]);
            if (dataset.Lengths.Count != _rowShapes[i].Length + 1 || dataset.Lengths[0] != _counts[file]
                || !dataset.Lengths.Skip(1).SequenceEqual(_rowShapes[i].Select(axis => (long)axis)))
            {
                throw Bad(file, $"dataset '{_names[i]}' has changed since training began");
            }

            double whole = (double)_counts[file] * _rowLengths[i] * sizeof(float);
            long share = (long)Math.Min(whole, left / parts);
            _caches[i] = new RowCache(dataset, _rowLengths[i], share, _shuffled);
            left -= share;
            parts--;
        }

        _open = file;
    }

    private CaffeException Bad(int file, string what) =>
        new(ErrorCodes.BadRecord, FailureKind.Data, $"HDF5 file '{_paths[file]}' cannot be used: {what}");
}
