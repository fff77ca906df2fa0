namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>The paths that a document names, for the "did you mean" of its errors.</summary>
internal static class HoconPaths
{
    // Enough for any configuration by hand; a bound where one is generated.
    private const int MaxPaths = 5000;

    public static IReadOnlyList<string> Of(IEnumerable<ObjectNode> layers)
    {
        var paths = new List<string>();
        foreach (ObjectNode layer in layers)
            Collect(layer, "", paths);
        return paths;
    }

    private static void Collect(ObjectNode layer, string prefix, List<string> paths)
    {
        foreach ((string key, List<Definition> definitions) in layer.Fields)
        {
            if (paths.Count >= MaxPaths)
                return;
            string path = prefix + HoconText.Key(key);
            paths.Add(path);
            foreach (Definition definition in definitions)
            {
                if (definition.Node is ObjectNode inner)
                    Collect(inner, path + ".", paths);
            }
        }
    }
}
