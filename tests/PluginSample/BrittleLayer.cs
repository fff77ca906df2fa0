using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;

namespace CaffeActors.PluginSample;

/// <summary>y = x, but it throws where <c>param_str</c> says: set-up, forward or backward.</summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Brittle")]
public sealed class BrittleLayer(LayerParameter parameter) : NeuronLayer(parameter)
{
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        LearnableBlob(0, [1], null);
        BreakIn("set-up");
    }

    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        BreakIn("forward");
        top[0].CopyDataFrom(bottom[0]);
    }

    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom) => BreakIn("backward");

    private void BreakIn(string place)
    {
        if (Parameter.PythonParam?.ParamStr == place)
            throw new InvalidOperationException($"broken in {place}");
    }
}
