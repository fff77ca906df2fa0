using System.Text;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using PureHDF;

namespace CaffeActors.Data.Hdf5;

/// <summary>
/// Makes an HDF5 file of float datasets, integers and texts in nested groups, as Caffe's HDF5 1.8 and later, h5py
/// and h5dump read it. Everything is gathered first and written by <see cref="Save(Stream)"/>; values are not copied,
/// so they must stay as they are until then. Not thread-safe.
/// </summary>
public sealed class Hdf5Writer
{
    private readonly H5File _file = new();
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

        var lengths = new ulong[shape.Length];
        for (int axis = 0; axis < lengths.Length; axis++)
            lengths[axis] = (ulong)shape[axis];
        Add(path, new H5Dataset(values, fileDims: lengths));
    }

    /// <summary>Adds a blob's data as a float32 dataset; the values are copied.</summary>
    /// <param name="path">Where.</param>
    /// <param name="blob">The blob.</param>
    /// <param name="diff">True to take its diff instead.</param>
    public void AddBlob(string path, Blob blob, bool diff = false) =>
        AddFloats(path, blob.Shape, (diff ? blob.Diff : blob.Data).ToArray());

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

    /// <summary>Writes the file to a stream that can seek, and leaves that open.</summary>
    public void Save(Stream stream) => _file.Write(stream, new H5WriteOptions(DefaultStringLength: _textLength));

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
