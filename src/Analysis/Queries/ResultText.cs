namespace CaffeActors.Analysis.Queries;

/// <summary>Results of queries as CSV and JSON, written row by row.</summary>
public static class ResultText
{
    private static readonly System.Buffers.SearchValues<char> _quoted =
        System.Buffers.SearchValues.Create(",\"\r\n");

    /// <summary>Writes CSV (RFC 4180, lines end with LF): the columns' names, then a line for each row.</summary>
    /// <param name="result">The result; its rows are read.</param>
    /// <param name="writer">Where to.</param>
    public static void WriteCsv(QueryResult result, TextWriter writer) =>
        WriteCsv(result.Columns, result.Rows(), writer);

    /// <summary>Writes rows as CSV.</summary>
    /// <param name="columns">The columns' names.</param>
    /// <param name="rows">A cell for each column.</param>
    /// <param name="writer">Where to.</param>
    public static void WriteCsv(IReadOnlyList<string> columns, IEnumerable<object?[]> rows, TextWriter writer)
    {
        WriteLine(columns, writer);
        foreach (object?[] row in rows)
            WriteLine(row.Select(CellText.Of), writer);
    }

    /// <summary>Writes JSON: an array with an object for each row, one a line.</summary>
    /// <param name="result">The result; its rows are read. Of columns of one name the last counts.</param>
    /// <param name="writer">Where to.</param>
    public static void WriteJson(QueryResult result, TextWriter writer) =>
        WriteJson(result.Columns, result.Rows(), writer);

    /// <summary>Writes rows as JSON.</summary>
    /// <param name="columns">The columns' names.</param>
    /// <param name="rows">A cell for each column.</param>
    /// <param name="writer">Where to.</param>
    public static void WriteJson(IReadOnlyList<string> columns, IEnumerable<object?[]> rows, TextWriter writer)
    {
        string[] names = [.. columns.Select(CellText.Json)];
        string separator = "";
        writer.Write("[");
        foreach (object?[] row in rows)
        {
            IEnumerable<string> pairs = row.Select((cell, i) => $"{names[i]}: {CellText.Json(cell)}");
            writer.Write($"{separator}\n  {{{string.Join(", ", pairs)}}}");
            separator = ",";
        }

        writer.Write(separator.Length > 0 ? "\n]\n" : "]\n");
    }

    private static void WriteLine(IEnumerable<string> cells, TextWriter writer) =>
        writer.Write(string.Join(',', cells.Select(Quoted)) + "\n");

    private static string Quoted(string cell) => cell.AsSpan().ContainsAny(_quoted)
        ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell;
}
