using System.Globalization;
using System.Text.Json;

namespace CaffeActors.Cluster.Tests.Runs;

/// <summary>A line of an event log.</summary>
/// <param name="Time">When it was written.</param>
/// <param name="Node">By which node: its process's number.</param>
/// <param name="By">Whose event: <c>coordinator</c> or <c>node</c>.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Epoch">In which epoch.</param>
/// <param name="Iteration">Updates that stood then.</param>
/// <param name="Text">What people read.</param>
/// <param name="Nodes">Whom it is about.</param>
/// <param name="Records">What a node took for an iteration: data layer, the first record's number, how many.</param>
internal sealed record LoggedEvent(DateTimeOffset Time, string Node, string By, string Kind, ulong Epoch,
    long Iteration, string Text, IReadOnlyList<string> Nodes,
    IReadOnlyList<(string Layer, long First, long Count)> Records)
{
    /// <summary>Reads all event logs below a folder, each in its order; a line that is being written is left
    /// out.</summary>
    public static IReadOnlyList<IReadOnlyList<LoggedEvent>> ReadAll(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*.jsonl", SearchOption.AllDirectories)
            .Where(path => Path.GetFileName(path) is var name && (name == "events.jsonl" || name.StartsWith("node-")))
            .Order(StringComparer.Ordinal).Select(Read),
    ];

    /// <summary>Reads one line.</summary>
    public static LoggedEvent Parse(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement root = document.RootElement;
        return new LoggedEvent(
            DateTimeOffset.Parse(Text("time"), CultureInfo.InvariantCulture), Text("node"), Text("by"), Text("event"),
            root.GetProperty("epoch").GetUInt64(), root.GetProperty("iteration").GetInt64(),
            root.TryGetProperty("text", out JsonElement text) ? text.GetString()! : "",
            [.. Array("nodes").Select(node => node.GetString()!)],
            [.. Array("records").Select(row => (row[0].GetString()!, row[1].GetInt64(), row[2].GetInt64()))]);

        string Text(string name) => root.GetProperty(name).GetString()!;

        IEnumerable<JsonElement> Array(string name) =>
            root.TryGetProperty(name, out JsonElement array) ? array.EnumerateArray() : [];
    }

    private static IReadOnlyList<LoggedEvent> Read(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        string text = reader.ReadToEnd();
        return
        [
            .. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse),
        ];
    }
}
