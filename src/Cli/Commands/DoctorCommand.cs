using System.CommandLine;
using System.Text.Json;
using CaffeActors.Cli.Doctor;
using CaffeActors.Compute.Diagnostics;
using Spectre.Console;

namespace CaffeActors.Cli.Commands;

/// <summary>Looks at the machine, its disk and its data.</summary>
[Verb("doctor", "Look whether this machine has what training needs.",
    "caffeactors doctor configs/lenet.hocon", Notes = """
    Looked at are the runtime, the processor, memory, accelerators and their drivers, libraries, limits of
    the shell, the disk that runs are written to, the clock, and the data sets of the configurations named,
    or else of those here and in configs/. Exit code 0 unless something needed is broken.
    """)]
internal sealed class DoctorCommand : VerbCommand
{
    private static readonly JsonSerializerOptions JsonOptions = new() { WriteIndented = true };

    private readonly Argument<string[]> _configs = new("CONFIG")
    {
        Description = "Run configurations that must work here (.hocon).",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string> _outputRoot = new("--output-root")
    {
        Description = "Folder of all runs.",
        DefaultValueFactory = static _ => "runs",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print JSON." };

    public override void Define(Command command)
    {
        command.Arguments.Add(_configs);
        command.Options.Add(_outputRoot);
        command.Options.Add(_json);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        string[] wanted = arguments.GetValue(_configs) ?? [];
        var data = new DataCheckups(terminal.Environment);
        IReadOnlyList<string> configurations =
            wanted.Length > 0 ? wanted : DataCheckups.Find(Environment.CurrentDirectory);
        Checkup[] checkups =
        [
            .. MachineCheckups.Look(),
            .. new DiskCheckups(arguments.GetValue(_outputRoot)!, TimeProvider.System).Look(),
            .. configurations.Select(file => data.Look(file, isWanted: wanted.Length > 0)).OfType<Checkup>(),
        ];
        FailureKind? broken = checkups.FirstOrDefault(checkup => checkup.Broken is not null)?.Broken;
        if (arguments.GetValue(_json))
            terminal.Out.WriteLine(JsonSerializer.Serialize(Json(checkups), JsonOptions));
        else
            Print(checkups, terminal);
        return Task.FromResult(broken is { } kind ? ExitCodes.Of(kind) : ExitCodes.Done);
    }

    private static void Print(Checkup[] checkups, Terminal terminal)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumn("").AddColumn("what").AddColumn("found");
        foreach (Checkup checkup in checkups)
            table.AddRow(checkup.Status, Markup.Escape(checkup.Name), Markup.Escape(checkup.Value));
        NetTable.Write(table, terminal);
        foreach (Checkup checkup in checkups.Where(checkup => checkup.Advice.Length > 0))
            terminal.Out.WriteLine($"{checkup.Status}: {checkup.Name}: {checkup.Advice}");
        terminal.Out.WriteLine($"{checkups.Count(checkup => checkup.Status == "broken")} broken, "
            + $"{checkups.Count(checkup => checkup.Status == "warning")} warning(s)");
    }

    private static object Json(Checkup[] checkups) => new
    {
        broken = checkups.Count(checkup => checkup.Status == "broken"),
        warnings = checkups.Count(checkup => checkup.Status == "warning"),
        checkups = checkups.Select(checkup => new
        {
            group = checkup.Group,
            name = checkup.Name,
            status = checkup.Status,
            value = checkup.Value,
            advice = checkup.Advice.Length > 0 ? checkup.Advice : null,
        }),
    };
}
