using System.Globalization;
using CaffeActors.Analysis.Queries;
using Spectre.Console;

namespace CaffeActors.Cli.Rendering;

/// <summary>Results as tables: numbers to the right, long results cut with a word about the rest.</summary>
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
}
