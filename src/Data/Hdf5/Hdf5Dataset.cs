using System.Numerics;
using CaffeActors.Compute.Diagnostics;
using PureHDF;
using PureHDF.Selections;
using PureHDF.VOL.Native;

namespace CaffeActors.Data.Hdf5;

/// <summary>
/// A dataset of an open file, read in runs of rows: slices along its first axis. Valid as long as its
/// <see cref="Hdf5Reader"/>. Not thread-safe.
/// </summary>
internal sealed class Hdf5Dataset
{
    private readonly Hdf5Reader _file;
    private readonly string _path;
    private readonly NativeDataset _dataset;
    private readonly ulong[] _start;
    private readonly ulong[] _block;

    /// <summary>Takes what <see cref="Hdf5Reader.OpenDataset"/> found.</summary>
    public Hdf5Dataset(Hdf5Reader file, string path, NativeDataset dataset)
    {
        (_file, _path, _dataset) = (file, path, dataset);
        _block = [.. dataset.Space.Dimensions];
        _start = new ulong[_block.Length];
        Lengths = [.. _block.Select(length => checked((long)length))];
        ChunkRows = Lengths.Count > 0 && dataset.Layout.Class == H5DataLayoutClass.Chunked
            ? checked((long)dataset.Layout.Chunks[0]) : 0;
    }

    /// <summary>Axis lengths, which may be beyond 2^31; none of a single number.</summary>
    public IReadOnlyList<long> Lengths { get; }

    /// <summary>Bytes of a number as it is stored.</summary>
    public int NumberBytes => _dataset.Type.Size;

    /// <summary>Rows that are stored together, and unpacked together, or 0 where each lies by itself.</summary>
    public long ChunkRows { get; }

    /// <summary>Reads rows as floats.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="rows">How many.</param>
    /// <param name="target">Takes their values, from its beginning on.</param>
    /// <exception cref="CaffeException">The file is damaged, or holds no numbers there.</exception>
    public void ReadRows(long first, int rows, float[] target) => _file.Guard(_path, () =>
    {
        _file.BeginRead();
        _start[0] = (ulong)first;
        _block[0] = (ulong)rows;
        int count = 1;
        foreach (ulong length in _block)
            count = checked(count * (int)length);
        Read(new HyperslabSelection(_block.Length, _start, _block), target.AsSpan(0, count));
        return true;
    });

    /// <summary>Reads all values as floats.</summary>
    /// <param name="target">As long as the dataset has elements, at least 1.</param>
    public void ReadAll(Span<float> target) => Read(new AllSelection(), target);

    private void Read(Selection selection, Span<float> target)
    {
        IH5DataType type = _dataset.Type;
        bool signed = type.Class == H5DataTypeClass.FixedPoint && type.FixedPoint.IsSigned;
        switch (type.Class, type.Size)
        {
            case (H5DataTypeClass.FloatingPoint, 4):
                _dataset.Read(target, selection);
                break;
            case (H5DataTypeClass.FloatingPoint, 8):
                Convert<double>(selection, target);
                break;
            case (H5DataTypeClass.FloatingPoint, 2):
                Convert<Half>(selection, target);
                break;
            case (H5DataTypeClass.FixedPoint, 1) when signed:
                Convert<sbyte>(selection, target);
                break;
            case (H5DataTypeClass.FixedPoint, 1):
                Convert<byte>(selection, target);
                break;
            case (H5DataTypeClass.FixedPoint, 2) when signed:
                Convert<short>(selection, target);
                break;
            case (H5DataTypeClass.FixedPoint, 2):
                Convert<ushort>(selection, target);
                break;
            case (H5DataTypeClass.FixedPoint, 4) when signed:
                Convert<int>(selection, target);
                break;
            case (H5DataTypeClass.FixedPoint, 4):
                Convert<uint>(selection, target);
                break;
            case (H5DataTypeClass.FixedPoint, 8) when signed:
                Convert<long>(selection, target);
                break;
            case (H5DataTypeClass.FixedPoint, 8):
                Convert<ulong>(selection, target);
                break;
            default:
                throw _file.Unreadable(
                    $"dataset '{_path}' holds {type.Class} values of {type.Size} bytes, not numbers");
        }
    }

    private void Convert<T>(Selection selection, Span<float> target)
        where T : unmanaged, INumberBase<T>
    {
        T[] values = _dataset.Read<T[]>(selection);
        for (int i = 0; i < target.Length; i++)
            target[i] = float.CreateTruncating(values[i]);
    }
}
