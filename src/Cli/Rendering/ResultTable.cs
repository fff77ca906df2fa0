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
        if (Width(columns, rows) > NetTable.WidthOf(terminal))
        {
            WriteRecords(columns, rows, terminal.Out);
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

        foreach (object?[] row in rows)
            table.AddRow([.. row.Select(cell => Markup.Escape(CellText.Short(cell)))]);
        NetTable.Write(table, terminal);
    }

    /// <summary>Prints rows one below the other.</summary>
    /// <param name="columns">The columns' names.</param>
    /// <param name="rows">A cell for each column; empty ones are left out.</param>
    /// <param name="output">Where to.</param>
    internal static void WriteRecords(
        IReadOnlyList<string> columns, IReadOnlyList<object?[]> rows, TextWriter output)
    {
        int names = columns.Max(name => name.Length);
        foreach (object?[] row in rows)
        {
            for (int i = 0; i < columns.Count; i++)
            {
                if (CellText.Short(row[i]) is { Length: > 0 } cell)
                    output.WriteLine($"{columns[i].PadRight(names)}  {cell}");
            }

            output.WriteLine();
        }
    }

    // What a table takes that folds nothing: each column has a blank on both sides and one before the next.
    private static int Width(IReadOnlyList<string> columns, IReadOnlyList<object?[]> rows) =>
        columns.Select((name, i) => 3 + Math.Max(name.Length, rows.Select(row => CellText.Short(row[i]).Length)
            .DefaultIfEmpty(0).Max())).Sum();
}
