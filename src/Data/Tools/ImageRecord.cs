namespace CaffeActors.Data.Tools;

/// <summary>A record made of an image file.</summary>
/// <param name="Datum">The serialized Datum; null where the file cannot be used.</param>
/// <param name="Shape">The image's shape.</param>
/// <param name="Fault">Why it cannot be used; empty where it can.</param>
internal sealed record ImageRecord(byte[]? Datum, (int Channels, int Height, int Width) Shape, string Fault = "");
