using CaffeActors.Compute.Schema;

namespace CaffeActors.Data.Onnx.Layers;

/// <summary>Layers that bring data in: their tops are inputs of the graph.</summary>
[OnnxExport("Data")]
[OnnxExport("HDF5Data")]
[OnnxExport("ImageData")]
[OnnxExport("Input")]
[OnnxExport("MemoryData")]
[OnnxExport("WindowData")]
internal sealed class InputExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        for (int top = 0; top < Tops; top++)
            SetInput(top);
    }
}

/// <summary>Constant tops are constants, those that are drawn at random are inputs.</summary>
[OnnxExport("DummyData")]
internal sealed class DummyDataExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        DummyDataParameter dummy = Parameter.DummyDataParam;
        for (int top = 0; top < Tops; top++)
        {
            FillerParameter filler = dummy.DataFiller.Count == 0
                ? new FillerParameter() : dummy.DataFiller[dummy.DataFiller.Count == 1 ? 0 : top];
            if (filler.Type != "constant")
            {
                SetInput(top);
                continue;
            }

            int[] shape = TopShape(top);
            float[] values = new float[Product(shape)];
            Array.Fill(values, filler.Value);
            Set(top, Graph.Floats($"{Layer.Name}/{Parameter.Top[top]}", shape, values));
        }
    }
}

[OnnxExport("Parameter")]
internal sealed class ParameterExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export() => Set(0, Weight(0, "value", TopShape(0)));
}
