using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>
/// A layer without tops that does in each forward pass what the test says: the <c>Action&lt;int&gt;</c> that its
/// extension is, called with the number of the pass, from 0; an <c>Action&lt;int, int&gt;</c> is told the replica's
/// rank too.
/// </summary>
[Layer("Hook")]
public sealed class HookLayer(LayerParameter parameter) : Layer(parameter)
{
    private int _pass;

    public override int ExactTops => 0;

    public override void Reshape(Blob[] bottom, Blob[] top)
    {
    }

    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 0;

    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        if (Context.Extensions[Name] is Action<int, int> ofRank)
            ofRank(_pass++, Context.SolverRank);
        else
            ((Action<int>)Context.Extensions[Name])(_pass++);
    }

    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
    }
}
