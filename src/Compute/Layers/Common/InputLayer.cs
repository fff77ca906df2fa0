using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// The net's inputs: blobs that whoever runs the net fills. No bottoms, one top or more. It computes nothing and
/// leaves the tops as they are, also where they were given another shape since.
/// <c>input_param</c>: <c>shape</c>, none (the tops are shaped by whoever fills them), one for all tops, or one for
/// each.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Input")]
public sealed class InputLayer(LayerParameter parameter) : Layer(parameter)
{
    /// <inheritdoc/>
    public override int ExactBottoms => 0;

    /// <inheritdoc/>
    public override int MinTops => 1;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 0;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        InputParameter input = Parameter.InputParam ?? new InputParameter();
        int shapes = input.Shape.Count;
        if (shapes != 0 && shapes != 1 && shapes != top.Length)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"shape is given {shapes} times for {top.Length} tops; give it once, once for each top, or not at all");
        }

        for (int i = 0; i < top.Length && shapes > 0; i++)
        {
            BlobShape shape = input.Shape[shapes == 1 ? 0 : i];
            top[i].Reshape(shape.Lengths(message => Fail(ErrorCodes.BadLayerParameter, message)));
        }
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
    }
}
