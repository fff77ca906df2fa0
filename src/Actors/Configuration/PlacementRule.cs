using CaffeActors.Actors.Devices;

namespace CaffeActors.Actors.Configuration;

/// <summary>A line of <c>placement</c>: which layers run on which device.</summary>
/// <param name="Pattern">Names of layers; <c>*</c> stands for any text, <c>?</c> for one character.</param>
/// <param name="Device">The device.</param>
public sealed record PlacementRule(string Pattern, DeviceId Device)
{
    /// <summary>Whether a layer is meant.</summary>
    /// <param name="layer">Its name.</param>
    public bool Fits(string layer) => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(
        Pattern, layer, ignoreCase: false);
}
