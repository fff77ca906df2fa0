using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Data.Tests.PlugIns;

/// <summary>A layer of the running program's own.</summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Own")]
public sealed class OwnLayer(LayerParameter parameter) : NeuronLayer(parameter)
{
    protected override void ForwardCpu(Blob[] bottom, Blob[] top) => top[0].CopyDataFrom(bottom[0]);

    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom) =>
        bottom[0].CopyDiffFrom(top[0]);
}
