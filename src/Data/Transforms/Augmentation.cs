using CaffeActors.Data.Images;

namespace CaffeActors.Data.Transforms;

/// <summary>
/// Random changes of 8-bit images, made after resizing and before <c>transform_param</c>. Each is drawn for itself,
/// evenly, from a stream at the record's number: turned and enlarged about the centre in one step (bilinear, the size
/// kept), then with factors b, c, s about 1 and an angle h
/// <code>
/// brightness  v = b v
/// contrast    v = m + c (v - m)    m: mean brightness of the image
/// saturation  v = g + s (v - g)    g: brightness of the pixel, 0.299 red + 0.587 green + 0.114 blue
/// hue         turned by h in the plane of equal brightness (the I and Q of YIQ)
/// </code>
/// in one step, rounded and cut to 0 to 255. Saturation and hue change images of three or four channels only; the
/// fourth, transparency, keeps its values.
/// </summary>
/// <param name="Rotate">Greatest angle, in degrees, either way: 0 to 180, default 0.</param>
/// <param name="ScaleLow">Least enlargement, 0.1 to 10, default 1; below 1 the image is made smaller.</param>
/// <param name="ScaleHigh">Greatest enlargement, not below the least, at most 10, default 1.</param>
/// <param name="Brightness">How far the factor is from 1 at most: 0 to 1, default 0.</param>
/// <param name="Contrast">Likewise.</param>
/// <param name="Saturation">Likewise.</param>
/// <param name="Hue">Greatest angle, in degrees, either way: 0 to 180, default 0.</param>
/// <param name="Border">What is seen beyond the edges. Default: the pixel at the edge.</param>
/// <param name="Fill">The value for <see cref="BorderRule.Fill"/>, 0 to 255, default 0.</param>
/// <param name="InTest">Whether it is done in TEST too. Default false: in TRAIN only.</param>
public sealed record Augmentation(
    double Rotate = 0, double ScaleLow = 1, double ScaleHigh = 1,
    double Brightness = 0, double Contrast = 0, double Saturation = 0, double Hue = 0,
    BorderRule Border = BorderRule.Repeat, int Fill = 0, bool InTest = false)
{
    /// <summary>Whether it changes anything.</summary>
    public bool IsNone => !ChangesPlaces && !ChangesValues;

    internal bool ChangesPlaces => Rotate != 0 || ScaleLow != 1 || ScaleHigh != 1;

    internal bool ChangesValues => Brightness != 0 || Contrast != 0 || Saturation != 0 || Hue != 0;

    /// <summary>What is out of its range; null where nothing is.</summary>
    internal string? Problem =>
        Rotate is not (>= 0 and <= 180) ? $"rotate must be 0 to 180 degrees, and is {Rotate}"
        : !(ScaleLow >= 0.1 && ScaleLow <= ScaleHigh && ScaleHigh <= 10)
            ? $"scale must be a range within 0.1 to 10, and is {ScaleLow} to {ScaleHigh}"
        : !(IsShare(Brightness) && IsShare(Contrast) && IsShare(Saturation))
            ? $"brightness, contrast and saturation must be 0 to 1, and are {Brightness}, {Contrast} and {Saturation}"
        : Hue is not (>= 0 and <= 180) ? $"hue must be 0 to 180 degrees, and is {Hue}"
        : Fill is < 0 or > 255 ? $"fill must be 0 to 255, and is {Fill}"
        : null;

    private static bool IsShare(double value) => value is >= 0 and <= 1;
}
