using System.CommandLine;
using CaffeActors.Actors.Logging;
using CaffeActors.Analysis.Queries;
using CaffeActors.Analysis.Reports;
using CaffeActors.Cli.Rendering;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Files;
using CaffeActors.Data.Runs;

namespace CaffeActors.Cli.Commands;

/// <summary>Writes a run's report.</summary>
[Verb("metrics report", "Write a run's report: one HTML page that needs nothing beside it.",
    "caffeactors metrics report latest",
    Notes = """
        The page has the run's curves, time by layer, what the trained net mixes up with the mistakes it was
        surest of, the filters of its first convolution, the configuration, and what differs from the run of the
        same name before. The net is run over its test data for that, unless --no-net is given.
        """)]
internal sealed class MetricsReportCommand : VerbCommand
{
    private readonly Argument<string> _run = new("RUN")
    {
        Description = $"The run: {RunOptions.Names}.",
        DefaultValueFactory = static _ => RunDirectory.LatestName,
    };

    private readonly Option<string?> _output = new("--output")
    {
        Description = "The page to write. Default: report.html in the run's folder.",
    };

    private readonly Option<string?> _against = new("--against")
    {
        Description = "The run to compare it with. Default: the one of the same name before it.",
    };

    private readonly Option<bool> _noNet = new("--no-net") { Description = "Do not run the net." };

    private readonly Option<int> _images = new("--test-images")
    {
        Description = "How many test images the net is run over at most.",
        DefaultValueFactory = static _ => 2000,
    };

    private readonly Option<int> _examples = new("--examples")
    {
        Description = "How many mistakes are shown.",
        DefaultValueFactory = static _ => 24,
    };

    private readonly RunOptions _runs = new();

    public override void Define(Command command)
    {
        command.Arguments.Add(_run);
        foreach (Option option in (Option[])[_output, _against, _noNet, _images, _examples])
            command.Options.Add(option);
        _runs.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        int images = AtLeast(1, arguments, _images), examples = AtLeast(0, arguments, _examples);
        List<RunRecord> runs = [.. _runs.Find(arguments, [arguments.GetValue(_run)!])];
        RunRecord? before = arguments.GetValue(_against) is { } against
            ? _runs.Find(arguments, [runs[0].Path, against])[1]
            : ReportBuilder.RunBefore(runs[0], RunIndex.List(Path.GetDirectoryName(Path.GetFullPath(runs[0].Path))!));
        if (before is not null)
            runs.Add(before);
        ReportNet? net = null;
        if (!arguments.GetValue(_noNet))
        {
            using RunLog log = new(terminal.Error);
            net = ReportNetExam.Of(runs[0], images, examples, terminal, line => log.Info(line));
        }

        using MetricDatabase database = MetricDatabase.Open(runs);
        string path = arguments.GetValue(_output) ?? RunDirectory.ReportPathOf(runs[0].Path);
        AtomicFile.WriteText(path, ReportPage.Write(ReportBuilder.Build(database, net)));
        terminal.Out.WriteLine(path);
        return Task.FromResult(ExitCodes.Done);
    }

    private static int AtLeast(int least, ParseResult arguments, Option<int> option) =>
        arguments.GetValue(option) is var value && value >= least ? value
            : throw new CaffeException(ErrorCodes.Usage, FailureKind.Configuration,
                $"{option.Name} is {least} or more, not {value}");
}
