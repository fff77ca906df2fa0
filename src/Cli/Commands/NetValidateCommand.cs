using System.CommandLine;
using System.Text.Json;
using CaffeActors.Actors.Planning.Validation;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Cli.Commands;

/// <summary>Tells everything that is wrong with a net, a solver or a run configuration.</summary>
[Verb("net validate", "Tell everything that is wrong with a net, a solver or a run configuration.",
    "caffeactors net validate configs/lenet.hocon", Notes = """
    One line for each finding, PATH(LINE,COLUMN): error|warning CFAnnnn: text, as MSBuild and Azure
    Pipelines read it. Looked at are names and values of fields and settings, the connections and shapes
    of all layers, the labels of the first records where the data are there, the learning rates of the
    whole run, and whether the memory is enough. Nothing is trained or written. Exit code 2 if there is
    an error; warnings alone are 0.
    """)]
internal sealed class NetValidateCommand : VerbCommand
{
    private static readonly JsonSerializerOptions JsonOptions = new() { WriteIndented = true };

    private readonly Argument<string> _file =
        new("FILE") { Description = "A net or solver (prototxt), or a run configuration (.hocon)." };
    private readonly Option<string[]> _set =
        new("--set") { Description = "Set a key of the configuration: path=value. Repeatable." };
    private readonly Option<string> _phase =
        new("--phase") { Description = "Phase of a net by itself: TRAIN or TEST. Default: both." };
    private readonly Option<string[]> _shapes = InputShapeOption.Make();
    private readonly Option<string[]> _layers = LayersOption.Make();
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON." };

    public override void Define(Command command)
    {
        command.Arguments.Add(_file);
        command.Options.Add(_set);
        command.Options.Add(_phase);
        command.Options.Add(_shapes);
        command.Options.Add(_layers);
        command.Options.Add(_json);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        string file = arguments.GetValue(_file)!;
        string[] sets = arguments.GetValue(_set) ?? [];
        if (sets.Length > 0 && !Validator.IsConfiguration(file))
        {
            throw new CaffeException(ErrorCodes.Usage, FailureKind.Configuration,
                "--set sets keys of a run configuration (.hocon); a net or solver has none");
        }

        ValidationReport report = Validator.Look(file, new ValidationOptions
        {
            Sets = sets,
            Environment = terminal.Environment,
            Phase = arguments.GetValue(_phase) is { Length: > 0 } phase
                ? ModelOptions.ParsePhase(phase, Phase.Test) : null,
            InputShapes = InputShapeOption.Of(arguments, _shapes),
            LayerAssemblies = LayersOption.Of(arguments, _layers),
        });
        if (arguments.GetValue(_json))
            terminal.Out.WriteLine(JsonSerializer.Serialize(Json(file, report), JsonOptions));
        else
            Print(file, report, terminal.Out);
        return Task.FromResult(report.Errors > 0 ? ExitCodes.Configuration : ExitCodes.Done);
    }

    private static void Print(string file, ValidationReport report, TextWriter output)
    {
        foreach (Finding finding in report.Findings)
            output.WriteLine(finding.ToDiagnostic());
        foreach (NetFacts net in report.Nets)
        {
            string labels = net.LabelsSeen > 0 ? $", labels of {net.LabelsSeen} records seen" : "";
            output.WriteLine(FormattableString.Invariant(
                $"net '{net.Name}', {net.Phase.ToString().ToUpperInvariant()}: {net.Layers} layers, ")
                + FormattableString.Invariant($"{net.Parameters:N0} parameters{labels}"));
        }

        if (report.MemoryNeeded is { } needed)
        {
            string use = report.Kind == "net" ? "run" : "train";
            output.WriteLine($"memory: {ByteText.Of(needed)} at least to {use}, of {ByteText.Of(report.Memory)}");
        }

        output.WriteLine($"'{file}' ({report.Kind}): {report.Errors} error(s), {report.Warnings} warning(s)");
    }

    private static object Json(string file, ValidationReport report) => new
    {
        file,
        kind = report.Kind,
        errors = report.Errors,
        warnings = report.Warnings,
        findings = report.Findings.Select(finding => new
        {
            severity = finding.IsError ? "error" : "warning",
            code = finding.Code,
            text = finding.Text,
            path = finding.Place?.Path,
            line = finding.Place?.Line,
            column = finding.Place?.Column,
        }),
        nets = report.Nets.Select(net => new
        {
            name = net.Name,
            phase = net.Phase.ToString().ToUpperInvariant(),
            layers = net.Layers,
            parameters = net.Parameters,
            labels_seen = net.LabelsSeen,
        }),
        memory = new { needed_bytes = report.MemoryNeeded, available_bytes = report.Memory },
    };
}
