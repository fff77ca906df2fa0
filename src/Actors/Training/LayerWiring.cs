using Akka.Actor;
using CaffeActors.Compute.Nets;

namespace CaffeActors.Actors.Training;

/// <summary>What a layer's actor is made with.</summary>
/// <param name="Layer">The layer in its net.</param>
/// <param name="Graph">Who waits for whom.</param>
/// <param name="Times">Its passes as work, and how long they take.</param>
/// <param name="Device">Who computes.</param>
/// <param name="Reducer">Who hears of complete gradients; nobody in a net that is not trained.</param>
/// <param name="Layers">All layers of the net by rank; complete before the first pass.</param>
internal sealed record LayerWiring(
    NetLayer Layer, NetGraph Graph, LayerTimes Times, IActorRef Device, IActorRef Reducer,
    IReadOnlyList<IActorRef> Layers);
