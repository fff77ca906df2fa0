using CaffeActors.Actors.Messages;
using CaffeActors.Compute.Nets;

namespace CaffeActors.Actors.Training;

/// <summary>The turns of all layers' copies, for one copy of their net.</summary>
/// <param name="Slot">Which copy.</param>
/// <param name="Forward">Turns to go forward by rank; null for layers without parameters.</param>
/// <param name="Backward">Turns to go backward likewise.</param>
internal sealed record PartOrder(int Slot, PartTurn?[] Forward, PartTurn?[] Backward)
{
    /// <summary>The turns of some copies of a net.</summary>
    /// <param name="net">One of them.</param>
    /// <param name="slots">Their number.</param>
    /// <returns>For each copy the same turns.</returns>
    public static IReadOnlyList<PartOrder> Of(Net net, int slots)
    {
        PartTurn?[] forward = Turns(PartTurnReady.GoForward), backward = Turns(PartTurnReady.GoBackward);
        return [.. Enumerable.Range(0, slots).Select(slot => new PartOrder(slot, forward, backward))];

        PartTurn?[] Turns(PartTurnReady ready) =>
            [.. net.Layers.Select(layer => layer.Layer.Blobs.Count > 0 ? new PartTurn(slots, ready) : null)];
    }
}
