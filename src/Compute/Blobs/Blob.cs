using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Compute.Blobs;

/// <summary>
/// An array of 32-bit floats with 0 to <see cref="MaxAxes"/> axes, row-major (the last axis runs fastest), in two
/// equal parts: data, and diff (the gradient of the loss by the data). A blob without axes is a scalar of one
/// element; an axis may have length 0. Memory is allocated on first use, zero-filled, 64-byte aligned, and can be
/// shared between blobs. Equality is by reference. Not thread-safe: a blob has one writer at a time.
/// </summary>
public sealed unsafe class Blob : IDisposable
{
    /// <summary>The most axes a blob may have.</summary>
    public const int MaxAxes = 32;

    private int[] _shape = [];
    private int _capacity;
    private SyncedMemory? _data;
    private SyncedMemory? _diff;
    private StorageType _dataStorage;
    private StorageType _diffStorage;
    private Action<Blob>? _fill;

    /// <summary>A blob of no elements, to be reshaped.</summary>
    public Blob() => _shape = [0];

    /// <summary>A blob of the given shape, data and diff zero.</summary>
    /// <param name="shape">Axis lengths, outermost first.</param>
    public Blob(params ReadOnlySpan<int> shape) => Reshape(shape);

    /// <summary>Axis lengths, outermost first.</summary>
    public ReadOnlySpan<int> Shape => _shape;

    /// <summary>Number of axes.</summary>
    public int AxisCount => _shape.Length;

    /// <summary>Number of elements; 1 without axes.</summary>
    public int Count { get; private set; }

    /// <summary>How the data rest: on accelerators, and in nets on the CPU between layers. Default Float32.</summary>
    public StorageType DataStorage
    {
        get => _dataStorage;
        set
        {
            _dataStorage = value;
            _data?.StoreAs(value);
        }
    }

    /// <summary>How the diff rests, likewise. Default Float32.</summary>
    public StorageType DiffStorage
    {
        get => _diffStorage;
        set
        {
            _diffStorage = value;
            _diff?.StoreAs(value);
        }
    }

    /// <summary>The memory of the data: its state, and its sides on accelerators.</summary>
    public SyncedMemory DataMemory => _data ?? MakeData();

    /// <summary>The memory of the diff: its state, and its sides on accelerators.</summary>
    public SyncedMemory DiffMemory => _diff
        ??= new SyncedMemory(Math.Max(Count, _capacity) * (long)sizeof(float), DiffStorage);

    /// <summary>The data on the CPU, for reading.</summary>
    public float* CpuData => (float*)DataMemory.CpuData();

    /// <summary>The diff on the CPU, for reading.</summary>
    public float* CpuDiff => (float*)DiffMemory.CpuData();

    /// <summary>The data on the CPU, for reading and writing.</summary>
    public float* MutableCpuData => (float*)DataMemory.MutableCpuData();

    /// <summary>The diff on the CPU, for reading and writing.</summary>
    public float* MutableCpuDiff => (float*)DiffMemory.MutableCpuData();

    /// <summary>Whether all of the diff is zero without having been written: at first, and after
    /// <see cref="ClearDiff"/>.</summary>
    public bool IsDiffZero => DiffMemory.IsZero;

    /// <summary>Makes all of the diff zero, on every side. Zeros are written only when it is read or added
    /// to.</summary>
    public void ClearDiff() => DiffMemory.Clear();

    /// <summary>The diff on the CPU for one who adds to each of its elements.</summary>
    /// <param name="add">Whether to add. False where the diff is zero: then what is in memory is undefined, and all of
    /// it is to be overwritten.</param>
    public float* CpuDiffToAddTo(out bool add)
    {
        // Memory that is larger than the blob would not be overwritten whole.
        add = !IsDiffZero || DiffMemory.Bytes != Count * (long)sizeof(float);
        return add ? MutableCpuDiff : (float*)DiffMemory.OverwriteCpuData();
    }

    /// <summary>The data on the CPU as a span, for reading.</summary>
    public ReadOnlySpan<float> Data => Count == 0 ? default : new(CpuData, Count);

    /// <summary>The diff on the CPU as a span, for reading.</summary>
    public ReadOnlySpan<float> Diff => Count == 0 ? default : new(CpuDiff, Count);

    /// <summary>The data on the CPU as a span, for reading and writing.</summary>
    public Span<float> MutableData => Count == 0 ? default : new(MutableCpuData, Count);

    /// <summary>The diff on the CPU as a span, for reading and writing.</summary>
    public Span<float> MutableDiff => Count == 0 ? default : new(MutableCpuDiff, Count);

    /// <summary>The data as a scalar: element 0.</summary>
    public float Scalar => Data[0];

    /// <summary>
    /// Gives the blob a shape. Memory is allocated anew (and the old contents lost) only when the count grows past
    /// what was ever held; otherwise the values stay, under the new shape.
    /// </summary>
    /// <param name="shape">Axis lengths, outermost first, each at least 0; their product at most 2^31 - 1.</param>
    /// <exception cref="CaffeException">A length is negative, the product too large, or there are too many
    /// axes.</exception>
    public void Reshape(params ReadOnlySpan<int> shape)
    {
        if (!_shape.AsSpan().SequenceEqual(shape))
            _shape = ValidShape(shape);
        Count = CountOf(_shape);
        if (Count <= _capacity)
            return;
        _capacity = Count;
        _data?.Release();
        _diff?.Release();
        _data = _diff = null;
        _fill = null;
    }

    /// <summary>Takes over another blob's shape.</summary>
    public void ReshapeLike(Blob other) => Reshape(other.Shape);

    /// <summary>Uses another blob's data instead of memory of its own. The counts must be equal.</summary>
    public void ShareData(Blob other)
    {
        RequireSameCount(other);
        if (ReferenceEquals(_data, other.DataMemory))
            return;
        _data?.Release();
        _data = other.DataMemory.AddReference();
        _fill = null;
        _capacity = Count;
    }

    /// <summary>Uses another blob's diff instead of memory of its own. The counts must be equal.</summary>
    public void ShareDiff(Blob other)
    {
        RequireSameCount(other);
        if (ReferenceEquals(_diff, other.DiffMemory))
            return;
        _diff?.Release();
        _diff = other.DiffMemory.AddReference();
        _capacity = Count;
    }

    /// <summary>Copies another blob's data, and its shape with it.</summary>
    public void CopyDataFrom(Blob other)
    {
        ReshapeLike(other);
        other.Data.CopyTo(new Span<float>(DataMemory.OverwriteCpuData(), Count));
    }

    /// <summary>Copies another blob's diff, and its shape with it.</summary>
    public void CopyDiffFrom(Blob other)
    {
        ReshapeLike(other);
        other.Diff.CopyTo(new Span<float>(DiffMemory.OverwriteCpuData(), Count));
    }

    /// <summary>The length of an axis.</summary>
    /// <param name="axis">From -AxisCount to AxisCount - 1; negative ones count from the end.</param>
    public int Dim(int axis) => _shape[CanonicalAxis(axis)];

    /// <summary>The number of elements in axes [<paramref name="from"/>, <paramref name="to"/>).</summary>
    public int CountRange(int from, int to)
    {
        int count = 1;
        for (int axis = from; axis < to; axis++)
            count *= _shape[axis];
        return count;
    }

    /// <summary>The number of elements from an axis to the last.</summary>
    public int CountFrom(int axis) => CountRange(axis, AxisCount);

    /// <summary>Turns an axis that may count from the end into an index.</summary>
    /// <exception cref="CaffeException">The blob has no such axis.</exception>
    public int CanonicalAxis(int axis)
    {
        if (axis < -AxisCount || axis >= AxisCount)
        {
            throw new CaffeException(ErrorCodes.ShapeMismatch, FailureKind.Configuration,
                $"axis {axis} does not exist in a blob of {AxisCount} axes with shape {ShapeString}");
        }

        return axis < 0 ? axis + AxisCount : axis;
    }

    /// <summary>An axis as Caffe's four-axis nets named them: 0 num, 1 channels, 2 height, 3 width.</summary>
    /// <param name="axis">-4 to 3; axes the blob does not have read as length 1.</param>
    /// <exception cref="CaffeException">The blob has more than four axes.</exception>
    public int LegacyDim(int axis)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(axis, 3);
        ArgumentOutOfRangeException.ThrowIfLessThan(axis, -4);
        if (AxisCount > 4)
        {
            throw new CaffeException(ErrorCodes.ShapeMismatch, FailureKind.Configuration,
                $"num, channels, height and width are known only of blobs with at most 4 axes; this one has "
                + $"{ShapeString}");
        }

        return axis >= AxisCount || axis < -AxisCount ? 1 : Dim(axis);
    }

    /// <summary>Legacy axis 0.</summary>
    public int Num => LegacyDim(0);

    /// <summary>Legacy axis 1.</summary>
    public int Channels => LegacyDim(1);

    /// <summary>Legacy axis 2.</summary>
    public int Height => LegacyDim(2);

    /// <summary>Legacy axis 3.</summary>
    public int Width => LegacyDim(3);

    /// <summary>The position of an element given by its indices, outermost first; missing ones are 0.</summary>
    public int Offset(params ReadOnlySpan<int> indices)
    {
        int offset = 0;
        for (int axis = 0; axis < AxisCount; axis++)
            offset = (offset * _shape[axis]) + (axis < indices.Length ? indices[axis] : 0);
        return offset;
    }

    /// <summary>The shape as Caffe prints it: lengths, then the count in brackets, as in <c>64 1 28 28
    /// (50176)</c>.</summary>
    public string ShapeString => FormatShape(_shape);

    /// <summary>A shape as Caffe prints it.</summary>
    public static string FormatShape(ReadOnlySpan<int> shape)
    {
        var text = new System.Text.StringBuilder();
        foreach (int length in shape)
            text.Append(length).Append(' ');
        return text.Append('(').Append(CountOf(shape)).Append(')').ToString();
    }

    /// <summary>Sum of the absolute values of the data.</summary>
    public double AsumData() => VectorSums.Absolute(Data);

    /// <summary>Sum of the absolute values of the diff.</summary>
    public double AsumDiff() => VectorSums.Absolute(Diff);

    /// <summary>Sum of the squares of the data.</summary>
    public double SumSquaresData() => VectorSums.Squares(Data);

    /// <summary>Sum of the squares of the diff.</summary>
    public double SumSquaresDiff() => VectorSums.Squares(Diff);

    /// <summary>Frees the memory that no other blob shares. The blob may be reshaped and used again.</summary>
    public void Dispose()
    {
        _data?.Release();
        _diff?.Release();
        _data = _diff = null;
        _fill = null;
        _capacity = 0;
    }

    /// <summary>Has the data filled when they are first asked for; not where they are another blob's by then.</summary>
    /// <param name="fill">Gives the blob its values. It may come on whatever thread asks.</param>
    internal void FillWhenUsed(Action<Blob> fill) => _fill = fill;

    /// <summary>The number of elements of a shape.</summary>
    public static int CountOf(ReadOnlySpan<int> shape)
    {
        int count = 1;
        foreach (int length in shape)
            count *= length;
        return count;
    }

    private SyncedMemory MakeData()
    {
        var data = new SyncedMemory(Math.Max(Count, _capacity) * (long)sizeof(float), DataStorage);
        _data = data;
        if (_fill is { } fill)
        {
            _fill = null;
            try
            {
                fill(this);
            }
            catch
            {
                // Values that are half there must not pass for weights.
                data.Release();
                (_data, _fill) = (null, fill);
                throw;
            }
        }

        return data;
    }

    private static int[] ValidShape(ReadOnlySpan<int> shape)
    {
        if (shape.Length > MaxAxes)
        {
            throw new CaffeException(ErrorCodes.ShapeMismatch, FailureKind.Configuration,
                $"a blob has at most {MaxAxes} axes, not {shape.Length}");
        }

        long count = 1;
        foreach (int length in shape)
        {
            if (length < 0)
            {
                throw new CaffeException(ErrorCodes.ShapeMismatch, FailureKind.Configuration,
                    $"an axis cannot have the length {length} (shape {string.Join(' ', shape.ToArray())})");
            }

            count *= length;
            if (count > int.MaxValue)
            {
                throw new CaffeException(ErrorCodes.ShapeMismatch, FailureKind.Configuration,
                    $"a blob of shape {string.Join(' ', shape.ToArray())} would hold more than {int.MaxValue} values");
            }
        }

        return shape.ToArray();
    }

    private void RequireSameCount(Blob other)
    {
        if (other.Count != Count)
        {
            throw new CaffeException(ErrorCodes.ShapeMismatch, FailureKind.Configuration,
                $"a blob of shape {ShapeString} cannot share the memory of one of shape {other.ShapeString}");
        }
    }
}
