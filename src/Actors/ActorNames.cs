namespace CaffeActors.Actors;

/// <summary>Names of actors after names of layers, which may hold characters a path may not.</summary>
internal static class ActorNames
{
    /// <summary>A name that is unique by its number and readable by its text.</summary>
    public static string Of(string name, int number) =>
        $"{number:D3}-{string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || "-_.".Contains(c) ? c : '_'))}";
}
