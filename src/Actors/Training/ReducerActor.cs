using Akka.Actor;
using CaffeActors.Actors.Messages;
using CaffeActors.Compute.Nets;

namespace CaffeActors.Actors.Training;

/// <summary>
/// Where a replica's gradients go. With one replica there is nothing to add: this reducer only knows when all layers
/// have handed theirs in. Reducers of pairs take its place between several replicas.
/// </summary>
internal sealed class ReducerActor : UntypedActor
{
    private readonly int _layers;
    private int _missing;

    public ReducerActor(Net net)
    {
        _layers = net.Layers.Count(layer => layer.NeedBackward && layer.Layer.Blobs.Count > 0);
        _missing = _layers;
    }

    public static Props Props(Net net) => Akka.Actor.Props.Create(() => new ReducerActor(net));

    protected override void OnReceive(object message)
    {
        if (message is not GradientReady)
        {
            Unhandled(message);
            return;
        }

        if (--_missing > 0)
            return;
        _missing = _layers;
        Context.Parent.Tell(GradientsReduced.Instance);
    }
}
