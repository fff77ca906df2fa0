using CaffeActors.Compute.Schema;

namespace CaffeActors.Data.Onnx.Layers;

// Layers that move elements and compute nothing.

[OnnxExport("Flatten")]
[OnnxExport("Reshape")]
internal sealed class ReshapeExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export() => Set(0, Reshape(In(0), TopShape(0)));
}

/// <summary>All tops are the bottom's value.</summary>
[OnnxExport("Split")]
internal sealed class SplitExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        for (int top = 0; top < Tops; top++)
            Set(top, In(0));
    }
}

[OnnxExport("Concat")]
internal sealed class ConcatExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        ConcatParameter concat = Parameter.ConcatParam ?? new ConcatParameter();
        int axis = concat.HasConcatDim ? (int)concat.ConcatDim : Axis(0, concat.Axis);
        Set(0, Bottoms == 1 ? In(0)
            : Node("Concat", [.. Enumerable.Range(0, Bottoms).Select(In)]).With("axis", axis).Output);
    }
}

[OnnxExport("Slice")]
internal sealed class SliceExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        if (Tops == 1)
        {
            Set(0, In(0));
            return;
        }

        SliceParameter slice = Parameter.SliceParam ?? new SliceParameter();
        int axis = slice.HasSliceDim ? (int)slice.SliceDim : Axis(0, slice.Axis);
        KnownLength(0, axis);
        OnnxNode node = Node("Split", In(0), Longs("lengths",
            [.. Enumerable.Range(0, Tops).Select(top => (long)TopShape(top)[axis])])).With("axis", axis);
        string[] pieces = [.. Enumerable.Range(0, Tops).Select(node.OutputAt)];
        for (int top = 0; top < Tops; top++)
            Set(top, pieces[top]);
    }
}

[OnnxExport("Permute")]
internal sealed class PermuteExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        int[] named = [.. (Parameter.PermuteParam ?? new PermuteParameter()).Order.Select(axis => (int)axis)];
        IEnumerable<int> rest = Enumerable.Range(0, Shape(0).Length).Except(named);
        Set(0, Node("Transpose", In(0)).With("perm", named.Concat(rest)).Output);
    }
}

[OnnxExport("Crop")]
internal sealed class CropExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        CropParameter crop = Parameter.CropParam ?? new CropParameter();
        int[] top = TopShape(0);
        int first = Axis(0, crop.Axis);
        List<long> axes = [], starts = [], ends = [];
        for (int a = first; a < top.Length; a++)
        {
            long start = crop.Offset.Count == 0 ? 0 : crop.Offset[crop.Offset.Count == 1 ? 0 : a - first];
            if (top[a] < 0 && Shape(0)[a] < 0 && start == 0)
                continue;
            KnownLength(0, a);
            axes.Add(a);
            starts.Add(start);
            ends.Add(start + KnownLength(1, a));
        }

        Set(0, axes.Count == 0 ? In(0) : Op("Slice", In(0), Longs("starts", [.. starts]), Longs("ends", [.. ends]),
            Longs("axes", [.. axes])));
    }
}

[OnnxExport("Tile")]
internal sealed class TileExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        long[] repeats = new long[Shape(0).Length];
        Array.Fill(repeats, 1);
        repeats[Axis(0, Parameter.TileParam.Axis)] = Parameter.TileParam.Tiles;
        Set(0, Op("Tile", In(0), Longs("repeats", repeats)));
    }
}

[OnnxExport("BatchReindex")]
internal sealed class BatchReindexExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export() => Set(0, Op("Gather", In(0), AsLongs(In(1))));
}

[OnnxExport("Filter")]
internal sealed class FilterExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        int last = Bottoms - 1;
        if (Shape(last)[0] >= 0)
            throw Cannot("how many items it keeps is known only when the net runs, so the batch must be open");
        string kept = AsTruths(Reshape(In(last), -1));
        for (int top = 0; top < Tops; top++)
            Set(top, Node("Compress", In(top), kept).With("axis", 0).Output);
    }
}

/// <summary>Whoever reads nothing has nothing to write; its bottoms are no outputs.</summary>
[OnnxExport("Silence")]
internal sealed class SilenceExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
    }
}
