using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// Replaces axes by others that hold as many elements. Data and gradient are shared with the bottom. One bottom, one
/// top, not in place.
/// <c>reshape_param</c>: <c>shape</c>, the new lengths (0: the bottom's at the same place; -1, at most once: whatever
/// is left; none: a scalar); <c>axis</c>, default 0, the first axis replaced (-1: behind the last one);
/// <c>num_axes</c>, default -1, how many (-1: all that follow).
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Reshape")]
public sealed class ReshapeLayer(LayerParameter parameter) : SharingLayer(parameter)
{
    private readonly ReshapeParameter _reshape = parameter.ReshapeParam ?? new ReshapeParameter();
    private long[] _dims = [];

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        base.LayerSetUp(bottom, top);
        _dims = [.. _reshape.Shape?.Dim ?? []];
        if (_dims.Count(dim => dim == -1) > 1)
            throw Fail(ErrorCodes.BadLayerParameter, "shape has -1 more than once; only one length can be worked out");
        if (_dims.FirstOrDefault(dim => dim is < -1 or > int.MaxValue) is var bad and not 0)
            throw Fail(ErrorCodes.BadLayerParameter, $"shape has the length {bad}; lengths are -1, 0 or more");
        if (_reshape.NumAxes < -1)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"num_axes is {_reshape.NumAxes}; it must be -1 (all that follow), 0 or more");
        }
    }

    /// <inheritdoc/>
    protected override int TopShape(Blob bottom, Span<int> shape)
    {
        // One place more than there are axes: -1 means behind the last.
        int first = _reshape.Axis < 0 ? bottom.AxisCount + _reshape.Axis + 1 : _reshape.Axis;
        if (first < 0 || first > bottom.AxisCount)
            throw Fail(ErrorCodes.ShapeMismatch, $"axis is {_reshape.Axis}, but the bottom is {bottom.ShapeString}");
        if (_reshape.NumAxes > bottom.AxisCount - first)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"num_axes is {_reshape.NumAxes}, but from axis {first} on the bottom ({bottom.ShapeString}) has "
                + $"{bottom.AxisCount - first}");
        }

        int last = _reshape.NumAxes < 0 ? bottom.AxisCount : first + _reshape.NumAxes;
        ReadOnlySpan<int> before = bottom.Shape[..first], after = bottom.Shape[last..];
        int axes = before.Length + _dims.Length + after.Length;
        if (axes > Blob.MaxAxes)
            throw Fail(ErrorCodes.ShapeMismatch, $"the top would have {axes} axes; a blob has at most {Blob.MaxAxes}");
        before.CopyTo(shape);
        after.CopyTo(shape[(first + _dims.Length)..]);
        int inferred = -1;
        // Axes that the top takes over from the bottom take no part in what is worked out: a batch may be empty.
        Span<int> replaced = stackalloc int[Blob.MaxAxes];
        bottom.Shape[first..last].CopyTo(replaced[first..]);
        long given = 1;
        for (int i = 0; i < _dims.Length; i++)
        {
            if (_dims[i] == 0 && first + i >= bottom.AxisCount)
            {
                throw Fail(ErrorCodes.ShapeMismatch,
                    $"length {i} of shape is 0 (as in the bottom), but the bottom ({bottom.ShapeString}) has no axis "
                    + $"{first + i}");
            }

            if (_dims[i] == -1)
                inferred = first + i;
            else if (_dims[i] > 0 || first + i >= last)
                given = Math.Min(given * (_dims[i] > 0 ? _dims[i] : bottom.Dim(first + i)), int.MaxValue);
            else
                replaced[first + i] = 1;
            shape[first + i] = _dims[i] switch { -1 => 1, 0 => bottom.Dim(first + i), _ => (int)_dims[i] };
        }

        if (inferred >= 0)
            shape[inferred] = Infer(bottom, replaced[first..last], given);
        return axes;
    }

    private int Infer(Blob bottom, ReadOnlySpan<int> replaced, long given)
    {
        int count = Blob.CountOf(replaced);
        if (given == 0 || count % given != 0)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"the {count} elements of the axes replaced (the bottom is {bottom.ShapeString}) cannot be divided by "
                + $"the other lengths, in all {given}");
        }

        return (int)(count / given);
    }
}
