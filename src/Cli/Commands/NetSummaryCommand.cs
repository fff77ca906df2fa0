using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Schema;
using Spectre.Console;

namespace CaffeActors.Cli.Commands;

/// <summary>Shows a net as a table: shapes, parameters, memory, operations.</summary>
[Verb("net summary", "Show a net's layers, shapes, parameters, memory and operations.",
    Example = "caffeactors net summary configs/nets/lenet.prototxt")]
internal sealed class NetSummaryCommand : VerbCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "The net (prototxt)." };

    private readonly Option<Phase> _phase = new("--phase")
    {
        Description = "TRAIN or TEST.", DefaultValueFactory = static _ => Phase.Train,
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print JSON." };

    public override void Define(Command command)
    {
        command.Arguments.Add(_file);
        command.Options.Add(_phase);
        command.Options.Add(_json);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        using NetSession session = NetSession.Open(
            arguments.GetValue(_file)!, arguments.GetValue(_phase), new NetSessionOptions { WithoutData = true });
        var summary = new NetSummary(session.Net, prefetchBatches: 4);
        if (arguments.GetValue(_json))
            terminal.Out.WriteLine(JsonSerializer.Serialize(Json(session.Net, summary), JsonOptions));
        else
            Print(session.Net, summary, terminal);
        return Task.FromResult(ExitCodes.Done);
    }

    private static readonly JsonSerializerOptions JsonOptions = new() { WriteIndented = true };

    private static object Json(Net net, NetSummary summary) => new
    {
        name = net.Name,
        phase = net.Phase.ToString().ToUpperInvariant(),
        layers = summary.Rows.Select(row => new
        {
            name = row.Name,
            type = row.Type,
            bottoms = row.Bottoms,
            tops = row.Tops.Select(top => new { name = top.Name, shape = top.Shape }),
            parameters = row.Parameters,
            activation_bytes = row.ActivationBytes,
            forward_flops = row.ForwardFlops,
            backward = row.NeedBackward,
            device = "cpu",
        }),
        parameters = summary.Parameters,
        activation_bytes = summary.ActivationBytes,
        gradient_bytes = summary.GradientBytes,
        prefetch_bytes = summary.PrefetchBytes,
        forward_flops = summary.ForwardFlops,
        inference_bytes = summary.InferenceBytes,
        training_bytes = summary.TrainingBytes(),
    };

    private static void Print(Net net, NetSummary summary, Terminal terminal)
    {
        var table = new Table().Border(TableBorder.Simple)
            .AddColumn("layer").AddColumn("type").AddColumn("top shapes")
            .AddColumn(new TableColumn("parameters").RightAligned())
            .AddColumn(new TableColumn("memory").RightAligned())
            .AddColumn(new TableColumn("MFLOP").RightAligned());
        foreach (NetSummaryRow row in summary.Rows)
        {
            table.AddRow(
                Markup.Escape(row.Name), row.Type,
                string.Join(", ", row.Tops.Select(top => string.Join('×', top.Shape))),
                row.Parameters == 0 ? "" : Number(row.Parameters), Bytes(row.ActivationBytes),
                (row.ForwardFlops / 1e6).ToString("F2", CultureInfo.InvariantCulture));
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(terminal.Out),
            Ansi = AnsiSupport.No,
        });
        // A redirected table must not be folded to the width of a terminal that is not there.
        console.Profile.Width = 200;
        console.Write(table);
        terminal.Out.WriteLine($"{net.Name}, phase {net.Phase.ToString().ToUpperInvariant()}: {summary.Rows.Count} layers, "
            + $"{Number(summary.Parameters)} parameters, {(summary.ForwardFlops / 1e9).ToString("F3", CultureInfo.InvariantCulture)} GFLOP forward");
        terminal.Out.WriteLine($"memory: parameters {Bytes(summary.Parameters * 4)}, activations {Bytes(summary.ActivationBytes)}, "
            + $"gradients {Bytes(summary.GradientBytes)}, prefetch {Bytes(summary.PrefetchBytes)}");
        terminal.Out.WriteLine($"to run {Bytes(summary.InferenceBytes)}, to train {Bytes(summary.TrainingBytes())} "
            + $"(SGD; {Bytes(summary.TrainingBytes(2))} with AdaDelta or Adam)");
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Bytes(long bytes) => bytes switch
    {
        0 => "0",
        < 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:F1} KiB"),
        < 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:F1} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1073741824.0:F2} GiB"),
    };
}
