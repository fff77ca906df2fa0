using CaffeActors.Compute.Layers.Fusion;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Nets.Passes;

/// <summary>
/// Finds layers that would bring their weights into their kernel's form on each pass of a net that does not learn.
/// </summary>
internal static class KeepWeights
{
    /// <summary>The places.</summary>
    /// <param name="layers">The net's layers, set up.</param>
    public static IEnumerable<Rewrite> Find(IReadOnlyList<NetLayer> layers) =>
        layers.Where(layer => layer.Layer is { Phase: Phase.Test } and IWeightKeeper { KeptWeightBytes: > 0 })
            .Select(layer => new Keeping(layer));

    private sealed class Keeping(NetLayer layer) : Rewrite
    {
        private readonly IWeightKeeper _keeper = (IWeightKeeper)layer.Layer;

        // The weights are read, and their form written and read back.
        public override PassEffect Effect => new(
            NetPasses.KeepWeights, layer.Name, [], 2 * _keeper.KeptWeightBytes, 0, _keeper.KeptWeightBytes);

        public override void Apply() => _keeper.KeepWeights();

        // Nothing of it is seen from outside.
        public override void Undo()
        {
        }
    }
}
