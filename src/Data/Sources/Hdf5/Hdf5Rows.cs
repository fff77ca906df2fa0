using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Hdf5;

namespace CaffeActors.Data.Sources.Hdf5;

/// <summary>
/// The rows of some HDF5 files: of each named dataset the slices along its first axis, which has one length in all
/// datasets of a file. One file at a time is in memory, whole. Not thread-safe.
/// </summary>
internal sealed class Hdf5Rows
{
    private readonly IReadOnlyList<string> _paths;
    private readonly IReadOnlyList<string> _names;
    private readonly long[] _counts;
    private readonly int[][] _rowShapes;
    private readonly float[][] _values;
    private int _loaded = -1;

    /// <summary>Looks at the files; none is loaded yet.</summary>
    /// <param name="paths">The files, at least one.</param>
    /// <param name="names">The datasets.</param>
    /// <exception cref="CaffeException">A file cannot be read, or its datasets do not fit each other or the first
    /// file's.</exception>
    public Hdf5Rows(IReadOnlyList<string> paths, IReadOnlyList<string> names)
    {
        (_paths, _names) = (paths, names);
        _counts = new long[paths.Count];
        _rowShapes = new int[names.Count][];
        _values = new float[names.Count][];
        for (int file = 0; file < paths.Count; file++)
        {
            using var reader = new Hdf5Reader(paths[file]);
            for (int i = 0; i < names.Count; i++)
            {
                int[] shape = reader.ShapeOf(names[i]);
                if (shape.Length == 0)
                    throw Bad(file, $"dataset '{names[i]}' is a single number; it needs one row for each record");
                if (i > 0 && shape[0] != _counts[file])
                    throw Bad(file, $"dataset '{names[i]}' has {shape[0]} rows, '{names[0]}' has {_counts[file]}");
                _counts[file] = shape[0];
                _rowShapes[i] ??= shape[1..];
                if (!_rowShapes[i].AsSpan().SequenceEqual(shape.AsSpan(1)))
                {
                    throw Bad(file, $"a row of dataset '{names[i]}' has the shape {Blob.FormatShape(shape.AsSpan(1))}, "
                        + $"in '{paths[0]}' it is {Blob.FormatShape(_rowShapes[i])}");
                }
            }
        }
    }

    /// <summary>Number of files.</summary>
    public int Files => _paths.Count;

    /// <summary>Rows of all files.</summary>
    public long Count => _counts.Sum();

    /// <summary>Rows of a file.</summary>
    public long CountOf(int file) => _counts[file];

    /// <summary>The shape of a row of a dataset.</summary>
    public ReadOnlySpan<int> RowShape(int dataset) => _rowShapes[dataset];

    /// <summary>A row of a dataset; the file is loaded where it is not the one in memory.</summary>
    public ReadOnlySpan<float> Row(int file, long row, int dataset)
    {
        if (file != _loaded)
            LoadFile(file);
        int length = Blob.CountOf(_rowShapes[dataset]);
        return _values[dataset].AsSpan(checked((int)(row * length)), length);
    }

    private void LoadFile(int file)
    {
        _loaded = -1;
        using var reader = new Hdf5Reader(_paths[file]);
        for (int i = 0; i < _names.Count; i++)
        {
            _values[i] = reader.ReadFloats(_names[i]);
            if (_values[i].Length != _counts[file] * Blob.CountOf(_rowShapes[i]))
                throw Bad(file, $"dataset '{_names[i]}' has changed since training began");
        }

        _loaded = file;
    }

    private CaffeException Bad(int file, string what) =>
        new(ErrorCodes.BadRecord, FailureKind.Data, $"HDF5 file '{_paths[file]}' cannot be used: {what}");
}
