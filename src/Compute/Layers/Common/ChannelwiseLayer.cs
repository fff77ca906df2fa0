using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// A layer that applies one value to all elements of a channel: Scale and Bias. The values are a learned blob or the
/// second bottom; their axes are those of the first bottom from <c>axis</c> on.
/// </summary>
/// <param name="parameter">The layer's message.</param>
public abstract class ChannelwiseLayer(LayerParameter parameter) : Layer(parameter)
{
    /// <inheritdoc/>
    public override int MinBottoms => 1;

    /// <inheritdoc/>
    public override int MaxBottoms => 2;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <summary>The shape of the learned values.</summary>
    /// <param name="bottom">The first bottom.</param>
    /// <param name="axis">Its first axis that the values have.</param>
    /// <param name="axes">How many; -1 for all that follow, 0 for one value for everything.</param>
    private protected int[] LearnedShape(Blob bottom, int axis, int axes)
    {
        if (axes < -1)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"num_axes is {axes}; it must be -1 (all axes from 'axis' on), 0 or more");
        }

        if (axes == 0)
            return [];
        int first = AxisOf(bottom, axis);
        if (axes > bottom.AxisCount - first)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"num_axes is {axes}, but from axis {first} on the bottom ({bottom.ShapeString}) has only "
                + $"{bottom.AxisCount - first}");
        }

        return bottom.Shape.Slice(first, axes < 0 ? bottom.AxisCount - first : axes).ToArray();
    }

    /// <summary>How the values' channels lie in the first bottom, once the shapes are found to fit.</summary>
    /// <param name="bottom">The first bottom.</param>
    /// <param name="values">The values.</param>
    /// <param name="axis">The bottom's first axis that the values have; without effect where they have none.</param>
    private protected ChannelLayout LayoutOf(Blob bottom, Blob values, int axis)
    {
        int first = values.AxisCount == 0 ? 0 : AxisOf(bottom, axis), end = first + values.AxisCount;
        if (end > bottom.AxisCount || !bottom.Shape[first..end].SequenceEqual(values.Shape))
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"values of shape {values.ShapeString} do not fit the bottom ({bottom.ShapeString}) "
                + $"from axis {first} on");
        }

        return ChannelLayout.Of(bottom, first, end);
    }

    private int AxisOf(Blob bottom, int axis) =>
        axis >= -bottom.AxisCount && axis < bottom.AxisCount
            ? bottom.CanonicalAxis(axis)
            : throw Fail(ErrorCodes.ShapeMismatch, $"axis is {axis}, but the bottom is {bottom.ShapeString}");
}
