using System.Globalization;
using CaffeActors.Analysis.Queries;
using Spectre.Console;

namespace CaffeActors.Cli.Rendering;

/// <summary>
/// Results as tables: numbers to the right, long results cut with a word about the rest. A table that is wider than the
/// terminal is written row by row, a line for each cell: folded cells can be neither read nor copied.
/// </summary>
internal static class ResultTable
{
    /// <summary>Prints a query's result.</summary>
    /// <param name="result">The result.</param>
    /// <param name="terminal">Where to; what is left out is told on its second stream.</param>
    /// <param name="mostRows">How many rows are shown; 0: all.</param>
    public static void Write(QueryResult result, Terminal terminal, int mostRows)
    {
        List<object?[]> rows = [];
        bool more = false;
        foreach (object?[] row in result.Rows())
        {
            more = mostRows > 0 && rows.Count == mostRows;
            if (more)
                break;
            rows.Add(row);
        }

        Write(result.Columns, rows, terminal);
        if (more)
        {
            terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"The first {mostRows} rows; --rows 0 shows all, --csv and --json print all."));
        }
    }

    /// <summary>Prints rows.</summary>
    /// <param name="columns">The columns' names.</param>
    /// <param name="rows">A cell for each column.</param>
    /// <param name="terminal">Where to.</param>
    public static void Write(IReadOnlyList<string> columns, IReadOnlyList<object?[]> rows, Terminal terminal)
    {
        string[][] cells = [.. rows.Select(row => row.Select(CellText.Short).ToArray())];
        if (Width(columns, cells) > NetTable.WidthOf(terminal))
        {
            WriteRecords(columns, cells, terminal.Out);
            return;
        }

        Table table = new Table().Border(TableBorder.Simple);
        for (int i = 0; i < columns.Count; i++)
        {
            var column = new TableColumn(Markup.Escape(columns[i]));
            bool isNumber = rows.Select(row => row[i]).FirstOrDefault(cell => cell is not null) is { } first
                && CellText.IsNumber(first);
            table.AddColumn(isNumber ? column.RightAligned() : column);
        }

        foreach (string[] row in cells)
            table.AddRow([.. row.Select(Markup.Escape)]);
        NetTable.Write(table, terminal);
    }

    // Rows one below the other; empty cells are left out.
    private static void WriteRecords(IReadOnlyList<string> columns, string[][] rows, TextWriter output)
    {
        int names = columns.Max(name => name.Length);
        foreach (string[] row in rows)
        {
            for (int i = 0; i < columns.Count; i++)
            {
                if (row[i].Length > 0)
                    output.WriteLine($"{columns[i].PadRight(names)}  {row[i]}");
            }

            output.WriteLine();
        }
    }

    // What a table takes that folds nothing: each column has a blank on both sides and one before the next.
    private static int Width(IReadOnlyList<string> columns, string[][] rows) =>
        columns.Select((name, i) => 3 + rows.Select(row => row[i].Length).Append(name.Length).Max()).Sum();
}
