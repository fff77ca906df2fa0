using System.Globalization;

namespace CaffeActors.Actors.Configuration;

/// <summary>How many nodes train together.</summary>
/// <param name="Least">The fewest, 1 to <see cref="Limit"/>.</param>
/// <param name="Most">The most, <paramref name="Least"/> to <see cref="Limit"/>.</param>
public sealed record NodeRange(int Least, int Most)
{
    /// <summary>The most nodes that a run can have.</summary>
    public const int Limit = 1024;

    /// <summary>What a range looks like, for messages.</summary>
    public const string Expected = "a range MIN:MAX of 1 to 1024 nodes, such as 2:8, or one number";

    /// <summary>Reads <c>MIN:MAX</c>, or one number for both.</summary>
    /// <returns>The range, or null where it is none.</returns>
    public static NodeRange? TryParse(string text)
    {
        string[] parts = text.Split(':');
        return parts.Length <= 2 && Count(parts[0]) is { } least && Count(parts[^1]) is { } most && least <= most
            ? new NodeRange(least, most)
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Least}:{Most}");

    private static int? Count(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= Limit
            ? count
            : null;
}
