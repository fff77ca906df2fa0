using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// Joins the axes from <c>axis</c> to <c>end_axis</c> into one. Data and gradient are shared with the bottom.
/// One bottom, one top, not in place.
/// <c>flatten_param</c>: <c>axis</c>, default 1; <c>end_axis</c>, default -1, the last one joined (axis - 1 puts in an
/// axis of length 1); both may count from the end.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Flatten")]
public sealed class FlattenLayer(LayerParameter parameter) : SharingLayer(parameter)
{
    private readonly FlattenParameter _flatten = parameter.FlattenParam ?? new FlattenParameter();

    /// <inheritdoc/>
    protected override int TopShape(Blob bottom, Span<int> shape)
    {
        int first = AxisOf(bottom, "axis", _flatten.Axis), last = AxisOf(bottom, "end_axis", _flatten.EndAxis);
        if (last < first - 1)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"end_axis ({_flatten.EndAxis}) lies before axis ({_flatten.Axis}) of the bottom {bottom.ShapeString}");
        }

        bottom.Shape[..first].CopyTo(shape);
        shape[first] = bottom.CountRange(first, last + 1);
        ReadOnlySpan<int> rest = bottom.Shape[(last + 1)..];
        if (first + 1 + rest.Length > Blob.MaxAxes)
            throw Fail(ErrorCodes.ShapeMismatch, $"the top would have more than {Blob.MaxAxes} axes");
        rest.CopyTo(shape[(first + 1)..]);
        return first + 1 + rest.Length;
    }

    private int AxisOf(Blob bottom, string name, int axis) =>
        axis >= -bottom.AxisCount && axis < bottom.AxisCount
            ? bottom.CanonicalAxis(axis)
            : throw Fail(ErrorCodes.ShapeMismatch, $"{name} is {axis}, but the bottom is {bottom.ShapeString}");
}
