using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Fillers;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using Google.Protobuf.Collections;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// Data made by fillers, for tests and timings. No bottoms, one top or more. Tops of a constant filler are filled
/// once, at the start; all others anew on each pass, from the layer's random stream.
/// <c>dummy_data_param</c>: <c>shape</c>, one for all tops or one for each, or in its place the old <c>num</c>,
/// <c>channels</c>, <c>height</c> and <c>width</c>, likewise; <c>data_filler</c>, none (zeros), one for all tops or
/// one for each.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("DummyData")]
public sealed class DummyDataLayer(LayerParameter parameter) : Layer(parameter)
{
    private readonly DummyDataParameter _dummy = parameter.DummyDataParam ?? new DummyDataParameter();
    private Filler?[] _refill = [];
    private RandomStream? _stream;

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
        CheckCount("data_filler", _dummy.DataFiller.Count, top.Length, canBeMissing: true);
        bool legacy = _dummy.Num.Count + _dummy.Channels.Count + _dummy.Height.Count + _dummy.Width.Count > 0;
        if (legacy && _dummy.Shape.Count > 0)
            throw Fail(ErrorCodes.BadLayerParameter, "shape is given beside num, channels, height, width; keep shape");
        if (legacy)
        {
            CheckCount("num", _dummy.Num.Count, top.Length, canBeMissing: false);
            CheckCount("channels", _dummy.Channels.Count, top.Length, canBeMissing: false);
            CheckCount("height", _dummy.Height.Count, top.Length, canBeMissing: false);
            CheckCount("width", _dummy.Width.Count, top.Length, canBeMissing: false);
        }
        else
        {
            CheckCount("shape", _dummy.Shape.Count, top.Length, canBeMissing: false);
        }

        _stream = CreateStream("fill");
        _refill = new Filler?[top.Length];
        var constant = new FillerParameter { Type = "constant" };
        for (int i = 0; i < top.Length; i++)
        {
            top[i].Reshape(legacy
                ? [Legacy(_dummy.Num, i), Legacy(_dummy.Channels, i), Legacy(_dummy.Height, i), Legacy(_dummy.Width, i)]
                : Of(_dummy.Shape, i).Lengths(message => Fail(ErrorCodes.BadLayerParameter, message)));
            FillerParameter message = _dummy.DataFiller.Count == 0 ? constant : Of(_dummy.DataFiller, i);
            var filler = Filler.Create(message);
            if (message.Type != "constant")
                _refill[i] = filler;
            else if (top[i].Count > 0)
                filler.Fill(top[i], default);
        }
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        for (int i = 0; i < top.Length; i++)
            _refill[i]?.Fill(top[i], _stream!.NextDraw());
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
    }

    private static T Of<T>(RepeatedField<T> values, int top) => values[values.Count == 1 ? 0 : top];

    private int Legacy(RepeatedField<uint> values, int top)
    {
        uint length = Of(values, top);
        if (length > int.MaxValue)
            throw Fail(ErrorCodes.BadLayerParameter, $"a length of {length} is more than {int.MaxValue}");
        return (int)length;
    }

    private void CheckCount(string name, int count, int tops, bool canBeMissing)
    {
        if (count != 1 && count != tops && !(count == 0 && canBeMissing))
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"{name} is given {count} times for {tops} tops; give it once, or once for each top"
                + (canBeMissing ? ", or not at all" : ""));
        }
    }
}
