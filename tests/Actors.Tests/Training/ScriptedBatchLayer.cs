using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Layers;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>What a <see cref="ScriptedBatchLayer"/> does and has seen.</summary>
internal sealed class BatchScript
{
    private readonly HashSet<Batch> _buffers = [];

    /// <summary>Asked for the depth: batches to read ahead.</summary>
    public Func<int> Depth { get; init; } = static () => 3;

    /// <summary>Called before a batch is read, with its number.</summary>
    public Action<int> BeforeLoad { get; init; } = static _ => { };

    /// <summary>Batches read.</summary>
    public int Loads { get; private set; }

    /// <summary>How many buffers they were read into.</summary>
    public int Buffers => _buffers.Count;

    public void Load(Batch batch)
    {
        BeforeLoad(Loads);
        Loads++;
        _buffers.Add(batch);
    }
}

/// <summary>
/// A data layer of one number an image and a label, as the <see cref="BatchScript"/> of its extension says.
/// </summary>
[Layer("ScriptedBatch")]
public sealed class ScriptedBatchLayer(LayerParameter parameter) : BatchLayer(parameter)
{
    public override int ExactTops => 2;

    public override int BatchSize => 4;

    public override long? RecordCount => 100;

    public override int PrefetchDepth => Script.Depth();

    private BatchScript Script => (BatchScript)Context.Extensions[Name];

    protected override void Open()
    {
    }

    protected override void ShapeTops(Blob[] top) => Shape(top);

    protected override void LoadRecords(Batch batch, long first)
    {
        Script.Load(batch);
        Shape(batch.Tops);
        for (int i = 0; i < BatchSize; i++)
        {
            batch.Tops[0].MutableData[i] = first + i;
            batch.Tops[1].MutableData[i] = (first + i) % 2;
        }
    }

    private void Shape(IReadOnlyList<Blob> tops)
    {
        tops[0].Reshape(BatchSize, 1);
        tops[1].Reshape(BatchSize);
    }
}
