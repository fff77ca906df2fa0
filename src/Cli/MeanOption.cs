using System.Globalization;
using CaffeActors.Api;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Files;

namespace CaffeActors.Cli;

/// <summary>A mean as a command line gives it: values, or a file whose channels' means count.</summary>
/// <param name="Values">One value for each channel.</param>
/// <param name="Height">Rows of the mean image; 0 for values.</param>
/// <param name="Width">Its columns.</param>
internal sealed record MeanOption(NdArray Values, int Height, int Width)
{
    /// <summary>Reads what was given.</summary>
    /// <param name="text">Values separated by commas, or a file (binaryproto).</param>
    /// <param name="channels">Channels of the net's input.</param>
    public static MeanOption Read(string text, int channels)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        if (!File.Exists(text) && parts.All(part => TryNumber(part, out _)))
        {
            float[] values = [.. parts.Select(part => TryNumber(part, out float value) ? value : 0)];
            if (values.Length != 1 && values.Length != channels)
            {
                throw new CaffeException(ErrorCodes.Usage, FailureKind.Configuration,
                    $"--mean has {values.Length} values; give 1, or one for each of the net's {channels} channels");
            }

            return new MeanOption(new NdArray(values, values.Length), 0, 0);
        }

        using Blob image = BlobFile.Read(
            "mean image", text, static (code, message, _, _) => new CaffeException(code, FailureKind.Data, message));
        ReadOnlySpan<int> shape = image.Shape;
        if (shape.Length is < 3 or > 4 || (shape.Length == 4 && shape[0] != 1) || shape[^3] != channels)
        {
            throw new CaffeException(ErrorCodes.ShapeMismatch, FailureKind.Configuration,
                $"the mean '{text}' has the shape {string.Join(' ', shape.ToArray())}; it must be one image of "
                + $"{channels} channels, as the net's input");
        }

        int plane = shape[^2] * shape[^1];
        float[] means = [.. image.Data.ToArray().Chunk(Math.Max(1, plane)).Select(values => values.Average())];
        return new MeanOption(new NdArray(means, means.Length), shape[^2], shape[^1]);
    }

    private static bool TryNumber(string text, out float value) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && float.IsFinite(value);
}
