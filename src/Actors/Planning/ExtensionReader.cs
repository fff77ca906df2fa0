using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Images;
using CaffeActors.Data.Layers;
using CaffeActors.Data.Transforms;

namespace CaffeActors.Actors.Planning;

/// <summary>Reads what <c>extensions."layer"</c> sets of a data layer.</summary>
internal static class ExtensionReader
{
    private static readonly string[] _augmentKeys =
    [
        "rotate", "scale-range", "brightness", "contrast", "saturation", "hue", "border", "fill", "augment-test",
    ];

    private static readonly string[] _keys =
        ["shuffle", "resize-height", "resize-width", "color", "labels", "threads", .. _augmentKeys];

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
            section.Has("color") ? section.Flag("color") : before.Color,
            section.Has("threads") ? section.Int("threads", 0, 1024) : before.Threads,
            _augmentKeys.Any(section.Has) ? Augment(section, before.Augmentation ?? new Augmentation())
                : before.Augmentation)
        {
            Labels = section.Has("labels") ? section.Text("labels") : before.Labels,
        };
    }

    private static Augmentation Augment(HoconSection section, Augmentation before)
    {
        (double low, double high) =
            section.Has("scale-range") ? Range(section, "scale-range", 0.1, 10) : (before.ScaleLow, before.ScaleHigh);
        return new Augmentation(
            Number("rotate", 180, before.Rotate), low, high, Number("brightness", 1, before.Brightness),
            Number("contrast", 1, before.Contrast), Number("saturation", 1, before.Saturation),
            Number("hue", 180, before.Hue),
            section.Has("border") ? section.Choice<BorderRule>("border") : before.Border,
            section.Has("fill") ? section.Int("fill", 0, 255) : before.Fill,
            section.Has("augment-test") ? section.Flag("augment-test") : before.InTest);

        double Number(string key, double most, double known) =>
            section.Has(key) ? section.Number(key, 0, most) : known;
    }

    private static (double Low, double High) Range(HoconSection section, string key, double least, double most)
    {
        double?[] ends = [.. section.Scalars(key).Select(HoconSection.TryNumber)];
        return ends is [{ } low, { } high] && low >= least && low <= high && high <= most ? (low, high)
            : throw section.Wrong(key, FormattableString.Invariant(
                $"two numbers from {least} to {most}, the smaller one first, such as [0.8, 1.2]"));
    }
}
