namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>What the settings of a key amount to.</summary>
/// <param name="Top">The index of the topmost setting that counts, or -1 where all are undefined.</param>
/// <param name="Layers">The objects to be merged, lowest first, or null where the value is no object.</param>
/// <param name="Included">Settings that the layers have taken in by looking back at them.</param>
internal readonly record struct HoconShape(int Top, List<ObjectNode>? Layers, List<Definition>? Included = null)
{
    public static readonly HoconShape Undefined = new(-1, null);

    public bool IsUndefined => Top < 0;

    /// <summary>
    /// Whether the first so many settings of a key are merged in already: <c>a = ${a} { ... }</c>. To merge them once
    /// more would change nothing, and double the work with each such line.
    /// </summary>
    public bool Includes(List<Definition> definitions, int count) =>
        Included is { } included && included.Count == count
        && included.Select(definition => definition.Node)
            .SequenceEqual(definitions.Take(count).Select(definition => definition.Node));

    /// <summary>Layers over others. What is in both stays above only, since below it would change nothing.</summary>
    public static List<ObjectNode> Over(List<ObjectNode> upper, List<ObjectNode> lower) =>
        [.. lower.Where(layer => !upper.Contains(layer)), .. upper];
}
