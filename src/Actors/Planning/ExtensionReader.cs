using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Layers;

namespace CaffeActors.Actors.Planning;

/// <summary>Reads what <c>extensions."layer"</c> sets of a data layer.</summary>
internal static class ExtensionReader
{
    private static readonly string[] _keys = ["shuffle", "resize-height", "resize-width", "color"];

    /// <summary>The settings of a layer: those given, over those known.</summary>
    public static DataExtension Read(HoconSection section, DataExtension before)
    {
        foreach (string key in section.Values.Keys.Where(key => !_keys.Contains(key)))
        {
            string hint = Nearest.Of(key, _keys) is { } near ? $"did you mean '{near}'?"
                : $"known here: {string.Join(", ", _keys)}";
            throw new CaffeException(ErrorCodes.UnknownKey, FailureKind.Configuration,
                $"there is no setting '{section.Path}.{key}'; {hint}", section.Values.PlaceOfKey(key));
        }

        return new DataExtension(
            section.Has("shuffle") ? section.Flag("shuffle") : before.Shuffle,
            section.Has("resize-height") ? section.Int("resize-height", 0, 1 << 16) : before.ResizeHeight,
            section.Has("resize-width") ? section.Int("resize-width", 0, 1 << 16) : before.ResizeWidth,
            section.Has("color") ? section.Flag("color") : before.Color);
    }
}
