using System.Text;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Layers;

namespace CaffeActors.PluginSample;

/// <summary>A source of data: 5 records of 4 values at a time, labels 0 and 1, each a function of its number.</summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Waves")]
public sealed class WavesLayer(LayerParameter parameter) : BatchLayer(parameter)
{
    public override int ExactTops => 2;

    public override int BatchSize => 5;

    public override long? RecordCount => 37;

    protected override void Open()
    {
    }

    protected override void ShapeTops(Blob[] top)
    {
        top[0].Reshape(BatchSize, 4);
        top[1].Reshape(BatchSize);
    }

    protected override void LoadRecords(Batch batch, long first)
    {
        batch.Tops[0].Reshape(BatchSize, 4);
        batch.Tops[1].Reshape(BatchSize);
        Span<float> values = batch.Tops[0].MutableData, labels = batch.Tops[1].MutableData;
        for (int i = 0; i < BatchSize; i++)
        {
            long record = (first + (i * Stride)) % RecordCount!.Value;
            var draw = new RandomDraw(1, 2, (ulong)record);
            int label = (int)(record % 2);
            for (uint k = 0; k < 4; k++)
                values[(i * 4) + (int)k] = draw.Float(k) + (label * (k % 2));
            labels[i] = label;
            batch.AddKey(Encoding.UTF8.GetBytes($"{record}"));
        }
    }
}
