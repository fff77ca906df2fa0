namespace CaffeActors.Testing;

/// <summary>Reads logging commands as the agent of Azure Pipelines does.</summary>
public static class PipelineAgent
{
    private const string Prefix = "##vso[";

    private static readonly (string Code, string Sign)[] _codes =
        [("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%AZP25", "%")];

    /// <summary>A command's action, properties and text.</summary>
    public static (string Action, Dictionary<string, string> Properties, string Text) Read(string line)
    {
        int close = line.IndexOf(']', StringComparison.Ordinal);
        string[] head = line[Prefix.Length..close].Split(' ', 2);
        Dictionary<string, string> properties = [];
        foreach (string property in head.Length < 2 ? [] : head[1].Split(';'))
        {
            string[] parts = property.Split('=', 2);
            properties.Add(parts[0], Decode(parts[1]));
        }

        return (head[0], properties, Decode(line[(close + 1)..]));
    }

    /// <summary>The commands among lines of output.</summary>
    public static IReadOnlyList<(string Action, Dictionary<string, string> Properties, string Text)> ReadAll(
        string output) =>
        [.. output.Split('\n').Where(line => line.StartsWith(Prefix, StringComparison.Ordinal)).Select(Read)];

    private static string Decode(string text)
    {
        foreach ((string code, string sign) in _codes)
            text = text.Replace(code, sign, StringComparison.Ordinal);
        return text;
    }
}
