using System.CommandLine;
using CaffeActors.Analysis.Charts;
using CaffeActors.Analysis.Comparison;
using CaffeActors.Analysis.Queries;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Files;

namespace CaffeActors.Cli.Commands;

/// <summary>Draws charts of runs.</summary>
[Verb("metrics plot", "Draw a chart of runs as PNG or SVG, or all charts of Caffe's plot_training_log.",
    "caffeactors metrics plot latest loss.svg --chart training-loss-seconds --smoothing 0.9",
    Notes = """
        Charts, each over iterations or seconds of training:
          0 test-accuracy-iterations     1 test-accuracy-seconds
          2 test-loss-iterations         3 test-loss-seconds
          4 learning-rate-iterations     5 learning-rate-seconds
          6 training-loss-iterations     7 training-loss-seconds
        """)]
internal sealed class MetricsPlotCommand : VerbCommand
{
    private const int DefaultWidth = 960;
    private const int DefaultHeight = 600;
    private const int LargestSide = 16384;

    private readonly Argument<string[]> _names = new("RUN... OUT")
    {
        Description = $"The runs, each {RunOptions.Names}; then the file, .png or .svg, unless --all is given.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string> _chart = new("--chart")
    {
        Description = "Number or name of the chart.",
        DefaultValueFactory = static _ => "6",
    };

    private readonly Option<string?> _metric = new("--metric")
    {
        Description = "Draw this metric instead: NAME or SPLIT/NAME.",
    };

    private readonly Option<bool> _seconds = new("--seconds")
    {
        Description = "With --metric: over seconds of training, not iterations.",
    };

    private readonly Option<string?> _all = new("--all")
    {
        Description = "Draw all charts that the runs have values for, each as PNG and SVG, into this folder.",
    };

    private readonly Option<double> _smoothing = new("--smoothing")
    {
        Description = "How much to smooth the training loss or --metric: 0 (not at all) to less than 1.",
    };

    private readonly Option<int> _width = new("--width")
    {
        Description = "Pixels.",
        DefaultValueFactory = static _ => DefaultWidth,
    };

    private readonly Option<int> _height = new("--height")
    {
        Description = "Pixels.",
        DefaultValueFactory = static _ => DefaultHeight,
    };

    private readonly RunOptions _runs = new();

    public override void Define(Command command)
    {
        command.Arguments.Add(_names);
        command.Options.Add(_chart);
        command.Options.Add(_metric);
        command.Options.Add(_seconds);
        command.Options.Add(_all);
        command.Options.Add(_smoothing);
        command.Options.Add(_width);
        command.Options.Add(_height);
        _runs.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        double smoothing = arguments.GetValue(_smoothing);
        if (smoothing is not (>= 0 and < 1))
            throw Usage($"--smoothing is 0 or more and less than 1, not {smoothing}");
        string[] names = arguments.GetValue(_names)!;
        string? folder = arguments.GetValue(_all);
        if (folder is null && names.Length < 2)
            throw Usage("a run and a file are needed, as in 'metrics plot latest loss.png'");
        if (folder is null && !Chart.CanWrite(names[^1]))
            throw Usage($"the file comes last and ends in .png or .svg, not '{names[^1]}'");
        using MetricDatabase database =
            MetricDatabase.Open(_runs.Find(arguments, folder is null ? names[..^1] : names));
        var charts = new RunCharts(database, smoothing);
        if (folder is null)
            Write(ChartOf(arguments, database, charts), names[^1], arguments, terminal);
        else
            WriteAll(charts, folder, arguments, terminal);
        return Task.FromResult(ExitCodes.Done);
    }

    private Chart ChartOf(ParseResult arguments, MetricDatabase database, RunCharts charts)
    {
        if (arguments.GetValue(_metric) is { } metric)
        {
            return charts.Of(MetricKey.Find(database, metric), arguments.GetValue(_seconds))
                ?? throw Nothing($"a metric '{metric}' that counts");
        }

        string text = arguments.GetValue(_chart)!;
        ChartKind kind = ChartKind.Find(text) ?? throw Usage($"there is no chart '{text}'; "
            + (Nearest.Of(text, ChartKind.All.Select(kind => kind.Name)) is { } near ? $"did you mean '{near}'?"
                : "charts are numbered from 0 to 7, see --help"));
        return charts.Of(kind) ?? throw Nothing($"a {kind.Title}");
    }

    private void WriteAll(RunCharts charts, string folder, ParseResult arguments, Terminal terminal)
    {
        AtomicFile.MakeDirectory(folder);
        int written = 0;
        foreach (ChartKind kind in ChartKind.All)
        {
            if (charts.Of(kind) is not { } chart)
                continue;
            foreach (string form in new[] { "png", "svg" })
                Write(chart, Path.Combine(folder, $"{kind.Name}.{form}"), arguments, terminal);
            written++;
        }

        if (written == 0)
            throw Nothing("what the charts show");
    }

    private void Write(Chart chart, string path, ParseResult arguments, Terminal terminal)
    {
        chart.Write(path, Side(arguments, _width), Side(arguments, _height));
        terminal.Out.WriteLine(path);
    }

    private static int Side(ParseResult arguments, Option<int> option) =>
        arguments.GetValue(option) is var side && side is > 0 and <= LargestSide
            ? side : throw Usage($"{option.Name} is 1 to {LargestSide} pixels, not {side}");

    private static CaffeException Usage(string text) => new(ErrorCodes.Usage, FailureKind.Configuration, text);

    private static CaffeException Nothing(string what) =>
        new(ErrorCodes.UnknownMetric, FailureKind.Configuration, $"no run looked at has {what}; 'metrics show' lists "
            + "what a run has");
}
