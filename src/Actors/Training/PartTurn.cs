using Akka.Actor;
using CaffeActors.Actors.Messages;

namespace CaffeActors.Actors.Training;

/// <summary>
/// Whose turn it is among the copies of one layer in a <see cref="Pipeline"/>: parts of a batch pass a layer in their
/// order, since what they add to its parameters' gradients (or, as BatchNorm forward, to its statistics) depends on it.
/// All copies' actors live on one thread, that of the layer's device, and use this there.
/// </summary>
/// <param name="slots">Number of copies; a batch has a multiple of them as parts, so turns go round.</param>
/// <param name="ready">What is heard of a turn that had to be waited for.</param>
internal sealed class PartTurn(int slots, PartTurnReady ready)
{
    private readonly IActorRef?[] _waiting = new IActorRef?[slots];
    private int _next;

    /// <summary>Takes a turn, or asks to hear <see cref="PartTurnReady"/> when it comes.</summary>
    /// <param name="slot">Whose.</param>
    /// <param name="actor">Who hears.</param>
    /// <returns>Whether it is its turn.</returns>
    public bool TryTake(int slot, IActorRef actor)
    {
        if (slot == _next)
            return true;
        _waiting[slot] = actor;
        return false;
    }

    /// <summary>Ends a turn.</summary>
    public void Pass()
    {
        _next = (_next + 1) % slots;
        _waiting[_next]?.Tell(ready);
        _waiting[_next] = null;
    }
}
