using System.Reflection;
using System.Runtime.ExceptionServices;
using System.Text;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using PureHDF;
using PureHDF.Selections;

namespace CaffeActors.Data.Hdf5;

/// <summary>
/// Makes an HDF5 file of float datasets, integers and texts in nested groups, as Caffe's HDF5 1.8 and later, h5py
/// and h5dump read it. Everything is gathered first and written by <see cref="Save(Stream)"/>; values are not copied,
/// so they must stay as they are until then. Not thread-safe.
/// </summary>
public sealed class Hdf5Writer
{
    private readonly H5File _file = new();
    private readonly List<(H5Dataset<Memory<float>> Dataset, NativeFloats Values)> _blobs = [];
    private readonly List<(H5Dataset<Memory<float>> Dataset, long[] Shape, IEnumerable<Memory<float>> Parts)> _rows =
        [];
    private int _textLength;

    /// <summary>Adds a dataset of float32 values.</summary>
    /// <param name="path">Where: groups and a name parted by <c>/</c>; groups are made as needed.</param>
    /// <param name="shape">Axis lengths; none for a scalar; an axis may have length 0.</param>
    /// <param name="values">As many as the shape says.</param>
    /// <exception cref="CaffeException">The path is taken, or leads through a dataset.</exception>
    public void AddFloats(string path, ReadOnlySpan<int> shape, float[] values)
    {
        if (values.Length != Blob.CountOf(shape))
        {
            throw new ArgumentException(
                $"There are {values.Length} values for the shape {Blob.FormatShape(shape)}.", nameof(values));
        }

        Add(path, new H5Dataset(values, fileDims: Lengths(shape)));
    }

    /// <summary>Adds a blob's data as a float32 dataset, written from where it lies.</summary>
    /// <param name="path">Where.</param>
    /// <param name="blob">The blob; one without elements makes an empty dataset of its shape.</param>
    /// <param name="diff">True to take its diff instead.</param>
    /// <exception cref="CaffeException">The path is taken, or leads through a dataset.</exception>
    public void AddBlob(string path, Blob blob, bool diff = false)
    {
        var dataset = new H5Dataset<Memory<float>>(Lengths(blob.Shape));
        Add(path, dataset);
        if (blob.Count > 0)
            _blobs.Add((dataset, new NativeFloats(blob, diff)));
    }

    /// <summary>Adds a float32 dataset whose rows come in parts, asked for while the file is written.</summary>
    /// <param name="path">Where.</param>
    /// <param name="shape">Axis lengths, the first that of all rows; none is 0.</param>
    /// <param name="parts">Whole rows; a part is done with when the next one is asked for.</param>
    /// <exception cref="CaffeException">The path is taken, or leads through a dataset.</exception>
    internal void AddRows(string path, long[] shape, IEnumerable<Memory<float>> parts)
    {
        var dataset = new H5Dataset<Memory<float>>([.. shape.Select(length => (ulong)length)]);
        Add(path, dataset);
        _rows.Add((dataset, shape, parts));
    }

    /// <summary>
    /// Adds a 32-bit integer, as a dataset of one element on one axis: the form of Caffe's solver states.
    /// </summary>
    public void AddInteger(string path, int value) => Add(path, new H5Dataset((int[])[value], fileDims: [1]));

    /// <summary>
    /// Adds a text, as a scalar of fixed length that ends in a zero byte: the form of Caffe's solver states.
    /// </summary>
    public void AddText(string path, string value)
    {
        _textLength = Math.Max(_textLength, Encoding.UTF8.GetByteCount(value) + 1);
        Add(path, new H5Dataset(value));
    }

    /// <summary>Makes sure that there is a group, which may stay empty.</summary>
    public void AddGroup(string path) => GroupAt(path.Split('/', StringSplitOptions.RemoveEmptyEntries), path);

    /// <summary>Writes the file; one of that name is overwritten.</summary>
    /// <exception cref="CaffeException">It cannot be written.</exception>
    public void Save(string path)
    {
        try
        {
            using FileStream file = File.Create(path);
            Save(file);
            file.Flush(flushToDisk: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CaffeException(ErrorCodes.WriteFailed, FailureKind.Data,
                $"HDF5 file '{path}' cannot be written: {failure.Message}", inner: failure);
        }
    }

    /// <summary>Writes the file to a stream that can read, write and seek, and leaves that open.</summary>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public void Save(Stream stream)
    {
        // The compact layout lies in the dataset's header, which is written at once and without a blob's values; the
        // package drops those that come later without a word.
        var options = new H5WriteOptions(DefaultStringLength: _textLength, PreferCompactDatasetLayout: false);
        try
        {
            using H5NativeWriter writer = _file.BeginWrite(stream, options);
            foreach ((H5Dataset<Memory<float>> dataset, NativeFloats values) in _blobs)
                writer.Write(dataset, values.Memory);
            foreach ((H5Dataset<Memory<float>> dataset, long[] shape, IEnumerable<Memory<float>> parts) in _rows)
                WriteRows(writer, dataset, shape, parts);
        }
        catch (TargetInvocationException exception) when (exception.GetBaseException() is IOException failure)
        {
            // The package calls itself by reflection, which wraps what the stream threw.
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    private static void WriteRows(
        H5NativeWriter writer, H5Dataset<Memory<float>> dataset, long[] shape, IEnumerable<Memory<float>> parts)
    {
        var start = new ulong[shape.Length];
        ulong[] block = [.. shape.Select(length => (ulong)length)];
        ulong rowLength = block.Skip(1).Aggregate(1UL, (product, length) => product * length);
        foreach (Memory<float> part in parts)
        {
            block[0] = (ulong)part.Length / rowLength;
            writer.Write(dataset, part, fileSelection: new HyperslabSelection(shape.Length, [.. start], [.. block]));
            start[0] += block[0];
        }
    }

    private static ulong[] Lengths(ReadOnlySpan<int> shape)
    {
        var lengths = new ulong[shape.Length];
        for (int axis = 0; axis < lengths.Length; axis++)
            lengths[axis] = (ulong)shape[axis];
        return lengths;
    }

    private void Add(string path, H5Object value)
    {
        string[] names = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (names.Length == 0)
            throw new ArgumentException("A dataset needs a name.", nameof(path));
        H5Group group = GroupAt(names.AsSpan(0, names.Length - 1), path);
        if (!group.TryGetValue(names[^1], out _))
            group[names[^1]] = value;
        else
            throw Taken(path, names[^1]);
    }

    private H5Group GroupAt(ReadOnlySpan<string> names, string path)
    {
        H5Group group = _file;
        foreach (string name in names)
        {
            if (!group.TryGetValue(name, out object? child))
                group[name] = child = new H5Group();
            group = child as H5Group ?? throw Taken(path, name);
        }

        return group;
    }

    private static CaffeException Taken(string path, string name) =>
        new(ErrorCodes.WriteFailed, FailureKind.Data,
            $"'{path}' cannot be put into an HDF5 file: there is something called '{name}' already (a name that holds "
            + "a '/' makes groups); rename one of them");
}
