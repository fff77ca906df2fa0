namespace CaffeActors.Data.Logs;

/// <summary>The outputs of the training net, or of the test nets, over a log.</summary>
/// <param name="Rows">The rows, in the order of the log.</param>
public sealed record LogTable(IReadOnlyList<LogRow> Rows)
{
    /// <summary>The names of the outputs in the order the first row saw them; they are the columns.</summary>
    public IReadOnlyList<string> Outputs { get; } = Rows.Count == 0 ? []
        : [.. Rows[0].Outputs.Select(pair => pair.Key)];
}
