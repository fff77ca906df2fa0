using System.CommandLine;
using CaffeActors.Analysis.Queries;
using CaffeActors.Cli.Rendering;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Cli;

/// <summary>How a command prints a result: a table for people, CSV or JSON for programs.</summary>
internal sealed class ResultOptions
{
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON." };
    private readonly Option<bool> _csv = new("--csv") { Description = "Print CSV." };

    /// <summary>Lets a command take them.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_json);
        command.Options.Add(_csv);
    }

    /// <summary>The form asked for.</summary>
    /// <exception cref="CaffeException">CFA1000: two forms are.</exception>
    public ResultForm Of(ParseResult arguments) => (arguments.GetValue(_json), arguments.GetValue(_csv)) switch
    {
        (true, true) => throw new CaffeException(
            ErrorCodes.Usage, FailureKind.Configuration, "--json and --csv do not go together; give one of them"),
        (true, false) => ResultForm.Json,
        (false, true) => ResultForm.Csv,
        _ => ResultForm.Table,
    };

    /// <summary>Prints a result.</summary>
    /// <param name="result">The result.</param>
    /// <param name="form">Its form.</param>
    /// <param name="terminal">Where to.</param>
    /// <param name="mostRows">How many rows a table shows; 0: all.</param>
    public static void Write(QueryResult result, ResultForm form, Terminal terminal, int mostRows = 0)
    {
        if (form == ResultForm.Json)
            ResultText.WriteJson(result, terminal.Out);
        else if (form == ResultForm.Csv)
            ResultText.WriteCsv(result, terminal.Out);
        else
            ResultTable.Write(result, terminal, mostRows);
    }

    /// <summary>Prints rows.</summary>
    /// <param name="columns">The columns' names.</param>
    /// <param name="rows">A cell for each column.</param>
    /// <param name="form">Their form.</param>
    /// <param name="terminal">Where to.</param>
    public static void Write(
        IReadOnlyList<string> columns, IReadOnlyList<object?[]> rows, ResultForm form, Terminal terminal)
    {
        if (form == ResultForm.Json)
            ResultText.WriteJson(columns, rows, terminal.Out);
        else if (form == ResultForm.Csv)
            ResultText.WriteCsv(columns, rows, terminal.Out);
        else
            ResultTable.Write(columns, rows, terminal);
    }
}
