using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Api;

/// <summary>
/// Floats with a shape, row-major (the last axis runs fastest): what goes into nets and comes out of them, and images
/// (height × width × channels). The values are the program's own, not a view of a net's memory.
/// </summary>
public sealed class NdArray
{
    private readonly int[] _shape;

    /// <summary>Takes values; they are not copied.</summary>
    /// <param name="values">As many as the shape asks for.</param>
    /// <param name="shape">Axis lengths, outermost first; none for a single value.</param>
    /// <exception cref="CaffeException">The number of values is not the shape's.</exception>
    public NdArray(float[] values, params ReadOnlySpan<int> shape)
    {
        _shape = shape.ToArray();
        Values = values;
        if (values.Length != Blob.CountOf(shape))
        {
            throw new CaffeException(ErrorCodes.ShapeMismatch, FailureKind.Configuration,
                $"{values.Length} values do not make the shape {Blob.FormatShape(shape)}");
        }
    }

    /// <summary>The values.</summary>
    public float[] Values { get; }

    /// <summary>Axis lengths, outermost first.</summary>
    public ReadOnlySpan<int> Shape => _shape;

    /// <summary>Number of axes.</summary>
    public int AxisCount => _shape.Length;

    /// <summary>Number of values.</summary>
    public int Count => Values.Length;

    /// <summary>The value at some indices, outermost first; missing ones are 0.</summary>
    public ref float this[params ReadOnlySpan<int> indices]
    {
        get
        {
            int offset = 0;
            for (int axis = 0; axis < _shape.Length; axis++)
                offset = (offset * _shape[axis]) + (axis < indices.Length ? indices[axis] : 0);
            return ref Values[offset];
        }
    }

    /// <summary>An array of zeros.</summary>
    public static NdArray Zeros(params ReadOnlySpan<int> shape) => new(new float[Blob.CountOf(shape)], shape);

    /// <summary>A copy of a blob's data.</summary>
    public static NdArray DataOf(Blob blob) => new(blob.Data.ToArray(), blob.Shape);

    /// <summary>A copy of a blob's diff.</summary>
    public static NdArray DiffOf(Blob blob) => new(blob.Diff.ToArray(), blob.Shape);

    /// <summary>Arrays of one shape as one, with a new first axis.</summary>
    /// <exception cref="CaffeException">There are none, or their shapes differ.</exception>
    public static NdArray Stack(IReadOnlyList<NdArray> items)
    {
        if (items.Count == 0 || items.Any(item => !item.Shape.SequenceEqual(items[0].Shape)))
        {
            throw new CaffeException(ErrorCodes.ShapeMismatch, FailureKind.Configuration,
                "only arrays of one shape can be stacked, and at least one");
        }

        NdArray result = Zeros([items.Count, .. items[0].Shape]);
        for (int i = 0; i < items.Count; i++)
            items[i].Values.CopyTo(result.Values.AsSpan(i * items[0].Count));
        return result;
    }

    /// <summary>The same values under another shape.</summary>
    /// <exception cref="CaffeException">The shape asks for another number of values.</exception>
    public NdArray Reshape(params ReadOnlySpan<int> shape) => new(Values, shape);

    /// <summary>A copy of one item of the first axis.</summary>
    /// <param name="index">0 to the axis' length - 1.</param>
    public NdArray Row(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _shape.Length == 0 ? 0 : _shape[0]);
        int count = Count / _shape[0];
        return new NdArray(Values.AsSpan(index * count, count).ToArray(), _shape.AsSpan(1));
    }

    /// <summary>A copy with the axes in another order.</summary>
    /// <param name="order">For each axis of the result, which of this array's it is: each once.</param>
    /// <exception cref="CaffeException">It is no order of the axes.</exception>
    public NdArray Transpose(params ReadOnlySpan<int> order)
    {
        int[] axes = order.ToArray();
        if (!axes.Order().SequenceEqual(Enumerable.Range(0, AxisCount)))
        {
            throw new CaffeException(ErrorCodes.ShapeMismatch, FailureKind.Configuration,
                $"({string.Join(", ", axes)}) is no order of the {AxisCount} axes of an array");
        }

        var strides = new int[AxisCount];
        for (int axis = AxisCount - 1, stride = 1; axis >= 0; stride *= _shape[axis--])
            strides[axis] = stride;
        NdArray result = Zeros([.. axes.Select(axis => _shape[axis])]);
        var index = new int[AxisCount];
        int source = 0;
        for (int i = 0; i < result.Count; i++)
        {
            result.Values[i] = Values[source];
            for (int axis = AxisCount - 1; axis >= 0; axis--)
            {
                source += strides[axes[axis]];
                if (++index[axis] < result._shape[axis])
                    break;
                source -= strides[axes[axis]] * index[axis];
                index[axis] = 0;
            }
        }

        return result;
    }

    /// <summary>A copy with every value changed.</summary>
    public NdArray Map(Func<float, float> change) => new(Array.ConvertAll(Values, value => change(value)), _shape);

    /// <summary>Copies the values into a blob's data.</summary>
    /// <exception cref="CaffeException">The blob has another number of elements.</exception>
    public void CopyTo(Blob blob) => CopyTo(blob, blob.MutableData);

    /// <summary>Copies the values into a blob's diff.</summary>
    /// <exception cref="CaffeException">The blob has another number of elements.</exception>
    public void CopyToDiff(Blob blob) => CopyTo(blob, blob.MutableDiff);

    private void CopyTo(Blob blob, Span<float> target)
    {
        if (target.Length != Count)
        {
            throw new CaffeException(ErrorCodes.ShapeMismatch, FailureKind.Configuration,
                $"an array of shape {Blob.FormatShape(_shape)} does not fit into a blob of shape {blob.ShapeString}");
        }

        Values.CopyTo(target);
    }
}
