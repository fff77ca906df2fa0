using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;

namespace CaffeActors.PluginSample;

/// <summary>A layer that cannot be made.</summary>
[Layer("Faulty")]
public sealed class FaultyLayer : NeuronLayer
{
    /// <summary>Throws, as a user's faulty code may.</summary>
    public FaultyLayer(LayerParameter parameter)
        : base(parameter) => throw new InvalidOperationException($"nothing good comes of '{parameter.Name}'");

    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
    }

    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
    }
}
