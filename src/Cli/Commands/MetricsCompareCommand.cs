using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using CaffeActors.Analysis.Comparison;
using CaffeActors.Analysis.Queries;
using CaffeActors.Cli.Rendering;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Cli.Commands;

/// <summary>Compares a metric of runs.</summary>
[Verb("metrics compare", "Compare a metric of two runs or more: summed up, and at steps they share.",
    "caffeactors metrics compare 20260101-000000-abcd latest --metric test0/accuracy")]
internal sealed class MetricsCompareCommand : VerbCommand
{
    private const int DefaultSteps = 10;
    private const int MostColumns = 7;

    private static readonly JsonSerializerOptions _json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private readonly Argument<string[]> _names = new("RUN")
    {
        Description = $"The runs: each {RunOptions.Names}.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string> _metric = new("--metric")
    {
        Description = "NAME or SPLIT/NAME; a name alone means that of train, else of the first test net that has it.",
        DefaultValueFactory = static _ => "loss",
    };

    private readonly Option<int> _steps = new("--steps")
    {
        Description = "Steps shown, evenly chosen; 0: all.",
        DefaultValueFactory = static _ => DefaultSteps,
    };

    private readonly RunOptions _runs = new();
    private readonly ResultOptions _result = new();

    public override void Define(Command command)
    {
        command.Arguments.Add(_names);
        command.Options.Add(_metric);
        command.Options.Add(_steps);
        _runs.AddTo(command);
        _result.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        ResultForm form = _result.Of(arguments);
        int steps = arguments.GetValue(_steps);
        if (steps < 0)
            throw new CaffeException(ErrorCodes.Usage, FailureKind.Configuration, $"--steps is 0 or more, not {steps}");
        using MetricDatabase database = MetricDatabase.Open(_runs.Find(arguments, arguments.GetValue(_names)!));
        RunComparison comparison =
            RunComparison.Of(database, MetricKey.Find(database, arguments.GetValue(_metric)!), steps);
        if (form == ResultForm.Json)
            terminal.Out.WriteLine(JsonSerializer.Serialize(comparison, _json));
        else if (form == ResultForm.Csv)
            ResultText.WriteCsv(_columns, Rows(comparison), terminal.Out);
        else
            Write(comparison, terminal);
        return Task.FromResult(ExitCodes.Done);
    }

    private static readonly string[] _columns =
    [
        "run", "name", "values", "first", "last", "last_step", "least", "least_step", "greatest", "greatest_step",
    ];

    private static void Write(RunComparison comparison, Terminal terminal)
    {
        terminal.Out.WriteLine($"{comparison.Metric}:");
        ResultTable.Write(_columns, Rows(comparison), terminal);
        if (comparison.Runs.Count > MostColumns)
        {
            terminal.Error.WriteLine("So many runs do not fit beside each other; --json has their values by step.");
            return;
        }

        ResultTable.Write(["step", .. comparison.Runs.Select(run => run.RunId)],
            [.. comparison.Steps.Select(step => (object?[])[step.Step, .. step.Values])], terminal);
    }

    private static List<object?[]> Rows(RunComparison comparison) =>
    [
        .. comparison.Runs.Select(run => run.Values == 0
            ? (object?[])[run.RunId, run.RunName, 0L, null, null, null, null, null, null, null]
            :
            [
                run.RunId, run.RunName, run.Values, run.First, run.Last, run.LastStep, run.Least, run.LeastStep,
                run.Greatest, run.GreatestStep,
            ]),
    ];
}
