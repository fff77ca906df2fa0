using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Devices;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;

namespace CaffeActors.Actors.Training;

/// <summary>Which layers of a net run on which of several devices.</summary>
/// <param name="rules">The rules; the first that fits a layer's name counts.</param>
/// <param name="devices">The devices; the first takes the layers that no rule is for.</param>
internal sealed class LayerPlacement(IReadOnlyList<PlacementRule> rules, IReadOnlyList<ReplicaDevice> devices)
{
    /// <summary>The devices.</summary>
    public IReadOnlyList<ReplicaDevice> Devices => devices;

    /// <summary>The ids of the devices that rules need: a run's own first, each once.</summary>
    /// <param name="own">The run's own.</param>
    /// <param name="rules">The rules.</param>
    public static IReadOnlyList<DeviceId> Needed(DeviceId own, IReadOnlyList<PlacementRule> rules) =>
        [.. rules.Select(rule => rule.Device).Prepend(own).Distinct()];

    /// <summary>The place of a layer's device among <see cref="Devices"/>.</summary>
    /// <param name="layer">The layer's name.</param>
    public int IndexOf(string layer)
    {
        DeviceId? wanted = rules.FirstOrDefault(rule => rule.Fits(layer))?.Device;
        for (int i = 0; i < devices.Count; i++)
        {
            if (devices[i].Id == wanted)
                return i;
        }

        return 0;
    }

    /// <summary>What a net is built with.</summary>
    /// <param name="options">What it would be built with on the first device.</param>
    public NetOptions Place(NetOptions options) => options with
    {
        Placement = layer => devices[IndexOf(layer)].Of(options.Context),
    };
}
