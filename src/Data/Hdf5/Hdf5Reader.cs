using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using PureHDF;
using PureHDF.VOL.Native;

namespace CaffeActors.Data.Hdf5;

/// <summary>
/// An HDF5 file, for reading numbers as 32-bit floats, and single integers and texts: all that Caffe's
/// <c>.caffemodel.h5</c>, <c>.solverstate.h5</c> and data files hold. A path names groups and a dataset, parted by
/// <c>/</c>, from the root. Not thread-safe.
/// </summary>
public sealed class Hdf5Reader : IDisposable
{
    private const int LongestPath = 4096;

    private readonly GuardedStream _stream;
    private readonly NativeFile _file;

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CaffeException">It cannot be opened or is no HDF5 file.</exception>
    public Hdf5Reader(string path)
    {
        Path = path;
        try
        {
            _stream = new GuardedStream(path);
            _file = Open(_stream);
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw Unreadable(failure.Message, failure);
        }
#pragma warning disable CA1031 // Of bytes that are no HDF5 file the package may throw anything.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            throw Unreadable("it is no HDF5 file, or a damaged one", failure);
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Whether a file begins as HDF5 files do.</summary>
    public static bool IsHdf5(string path)
    {
        Span<byte> start = stackalloc byte[8];
        using FileStream file = File.OpenRead(path);
        return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length
            && start[0] == 0x89 && start[1..].SequenceEqual("HDF\r\n\u001a\n"u8);
    }

    /// <summary>Whether there is a group at a path.</summary>
    public bool HasGroup(string path) => Guard(path, () => _file.LinkExists(path) && _file.Get(path) is IH5Group);

    /// <summary>Whether there is a dataset at a path.</summary>
    public bool HasDataset(string path) => Guard(path, () => _file.LinkExists(path) && _file.Get(path) is IH5Dataset);

    /// <summary>The names of a group's members, in the file's order.</summary>
    /// <param name="group">The group; the root by default.</param>
    /// <exception cref="CaffeException">There is no such group.</exception>
    public IReadOnlyList<string> Children(string group = "/")
    {
        RequireNoCircle(group);
        return Guard(group, () => (IReadOnlyList<string>)[.. GroupAt(group).Children().Select(child => child.Name)]);
    }

    /// <summary>The paths, from a group, of all datasets in it and in groups below it.</summary>
    /// <param name="group">The group; the root by default.</param>
    /// <exception cref="CaffeException">There is no such group.</exception>
    public IReadOnlyList<string> Datasets(string group = "/")
    {
        var paths = new List<string>();
        Guard(group, () =>
        {
            Collect(GroupAt(group), "", paths);
            return true;
        });
        return paths;
    }

    /// <summary>A dataset's axis lengths; none for a scalar.</summary>
    /// <exception cref="CaffeException">There is no such dataset, or an axis is longer than 2^31 - 1.</exception>
    public int[] ShapeOf(string path) => Guard(path, () => ShapeOf(DatasetAt(path)));

    /// <summary>
    /// A dataset's numbers, as floats: float16, 32 and 64 and integers of 8 to 64 bits are converted.
    /// </summary>
    /// <exception cref="CaffeException">There is no such dataset, or it holds something else.</exception>
    public float[] ReadFloats(string path) => Guard(path, () =>
    {
        IH5Dataset dataset = DatasetAt(path);
        int count = Blob.CountOf(ShapeOf(dataset));
        if (count == 0)
            return [];
        RequirePlausible(path, dataset);
        float[] values = new float[count];
        new Hdf5Dataset(this, path, (NativeDataset)dataset).ReadAll(values);
        return values;
    });

    /// <summary>Reads a dataset into a blob's data.</summary>
    /// <param name="path">The dataset.</param>
    /// <param name="blob">Takes over the dataset's shape.</param>
    /// <exception cref="CaffeException">There is no such dataset, or it holds no numbers.</exception>
    public void ReadBlob(string path, Blob blob)
    {
        blob.Reshape(ShapeOf(path));
        ReadFloats(path).CopyTo(blob.MutableData);
    }

    /// <summary>An integer: a scalar, or the first of several.</summary>
    /// <exception cref="CaffeException">There is no such dataset, or it holds something else.</exception>
    public long ReadInteger(string path) => Guard(path, () =>
    {
        IH5Dataset dataset = DatasetAt(path);
        if (dataset.Type.Class != H5DataTypeClass.FixedPoint || Blob.CountOf(ShapeOf(dataset)) == 0)
            throw Unreadable($"dataset '{path}' holds no integer");
        RequirePlausible(path, dataset);
        bool scalar = dataset.Space.Type == H5DataspaceType.Scalar;
        return dataset.Type.Size switch
        {
            4 => scalar ? dataset.Read<int>() : dataset.Read<int[]>()[0],
            8 => scalar ? dataset.Read<long>() : dataset.Read<long[]>()[0],
            _ => (long)ReadFloats(path)[0],
        };
    });

    /// <summary>A text: a scalar, or the first of several.</summary>
    /// <exception cref="CaffeException">There is no such dataset, or it holds something else.</exception>
    public string ReadText(string path) => Guard(path, () =>
    {
        IH5Dataset dataset = DatasetAt(path);
        if (dataset.Type.Class is not (H5DataTypeClass.String or H5DataTypeClass.VariableLength))
            throw Unreadable($"dataset '{path}' holds no text");
        RequirePlausible(path, dataset);
        bool scalar = dataset.Space.Type == H5DataspaceType.Scalar;
        return (scalar ? dataset.Read<string>() : dataset.Read<string[]>()[0]).TrimEnd('\0');
    });

    /// <summary>A dataset to be read in parts.</summary>
    /// <exception cref="CaffeException">There is no such dataset.</exception>
    internal Hdf5Dataset OpenDataset(string path) =>
        Guard(path, () => new Hdf5Dataset(this, path, (NativeDataset)DatasetAt(path)));

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Says that a large read begins, which may take as many small ones as a file allows.</summary>
    internal void BeginRead() => _stream.Restart();

    /// <summary>Reads something; whatever the package throws becomes this file's failure.</summary>
    internal T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (CaffeException)
        {
            throw;
        }
#pragma warning disable CA1031 // Of damaged files the package may throw anything.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            throw Unreadable(
                $"'{path}' in it is damaged, or of a kind that cannot be read ({failure.Message})", failure);
        }
    }

    /// <summary>The failure of a file that does not hold what it should.</summary>
    internal CaffeException Unreadable(string what, Exception? inner = null) =>
        new(ErrorCodes.SourceUnreadable, FailureKind.Data, $"HDF5 file '{Path}' cannot be read: {what}", inner: inner);

    // A size that is only claimed must not cost memory. What is stored plainly takes its place in the file; chunks may
    // be compressed, by deflate to a 1032nd at most; and what was never written takes none, so a little is free.
    private void RequirePlausible(string path, IH5Dataset dataset)
    {
        const long Free = 64L << 20, MostCompression = 1032;
        double claimed = dataset.Space.Dimensions.Aggregate(
            (double)dataset.Type.Size, (bytes, length) => bytes * length);
        double stored = new FileInfo(Path).Length;
        if (dataset.Layout.Class == H5DataLayoutClass.Chunked)
            stored *= MostCompression;
        if (claimed > Free + stored)
        {
            throw Unreadable($"dataset '{path}' claims {claimed:F0} bytes, more than the file can hold: it is damaged "
                + "or cut short");
        }
    }

    private static NativeFile Open(GuardedStream stream)
    {
        try
        {
            if (StructureGuard.FaultOf(stream) is { } fault)
                throw new InvalidDataException(fault);
            stream.Position = 0;
            return H5File.Open(stream, leaveOpen: false);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static int[] ShapeOf(IH5Dataset dataset) =>
        [.. dataset.Space.Dimensions.Select(length => checked((int)length))];

    // A group may be its own member; who goes into groups comes by here at each.
    private void RequireNoCircle(string path)
    {
        if (path.Length > LongestPath)
            throw Unreadable("its groups lead in a circle");
    }

    private void Collect(IH5Group group, string prefix, List<string> paths)
    {
        RequireNoCircle(prefix);
        foreach (IH5Object child in group.Children())
        {
            if (child is IH5Dataset)
                paths.Add(prefix + child.Name);
            else if (child is IH5Group inner)
                Collect(inner, $"{prefix}{child.Name}/", paths);
        }
    }

    private IH5Group GroupAt(string path) =>
        path is "/" or "" ? _file : _file.LinkExists(path) && _file.Get(path) is IH5Group group
            ? group : throw Unreadable($"there is no group '{path}' in it");

    private IH5Dataset DatasetAt(string path) =>
        _file.LinkExists(path) && _file.Get(path) is IH5Dataset dataset
            ? dataset : throw Unreadable($"there is no dataset '{path}' in it; it has {Listing()}");

    private string Listing()
    {
        var paths = new List<string>();
        Collect(_file, "", paths);
        return paths.Count == 0 ? "none" : string.Join(", ", paths.Take(10)) + (paths.Count > 10 ? ", ..." : "");
    }
}
