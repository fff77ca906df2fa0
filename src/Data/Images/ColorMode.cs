namespace CaffeActors.Data.Images;

/// <summary>Which channels a decoded image gets.</summary>
public enum ColorMode
{
    /// <summary>Those of the file: 1 for gray, 3 for colour, 4 with transparency.</summary>
    AsStored,

    /// <summary>Blue, green, red; gray is repeated, transparency dropped.</summary>
    Color,

    /// <summary>
    /// One: 0.299 red + 0.587 green + 0.114 blue as OpenCV computes it, cut off for PNG (15-bit weights), rounded for
    /// the others (14-bit weights; for JPEG, where OpenCV takes the file's own brightness, it may differ by a level).
    /// </summary>
    Gray,
}
