using System.Globalization;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using Spectre.Console;

namespace CaffeActors.Cli;

/// <summary>A net's summary as a table.</summary>
internal static class NetTable
{
    private const int LeastWidth = 60, RedirectedWidth = 200;

    /// <summary>Prints the table and the sums.</summary>
    /// <param name="net">The net.</param>
    /// <param name="summary">Its figures.</param>
    /// <param name="terminal">Where to.</param>
    /// <param name="withPlaces">Whether a column tells where each layer computes.</param>
    public static void Print(Net net, NetSummary summary, Terminal terminal, bool withPlaces = false)
    {
        var table = new Table().Border(TableBorder.Simple)
            .AddColumn("layer").AddColumn("type").AddColumn("top shapes")
            .AddColumn(new TableColumn("parameters").RightAligned())
            .AddColumn(new TableColumn("memory").RightAligned())
            .AddColumn(new TableColumn("MFLOP").RightAligned());
        if (withPlaces)
            table.AddColumn("device");
        for (int rank = 0; rank < summary.Rows.Count; rank++)
        {
            NetSummaryRow row = summary.Rows[rank];
            string[] cells =
            [
                Markup.Escape(row.Name), row.Type,
                string.Join(", ", row.Tops.Select(top => string.Join('×', top.Shape))),
                row.Parameters == 0 ? "" : Number(row.Parameters), ByteText.Of(row.ActivationBytes),
                (row.ForwardFlops / 1e6).ToString("F2", CultureInfo.InvariantCulture),
            ];
            table.AddRow(withPlaces ? [.. cells, net.Layers[rank].Place] : cells);
        }

        Write(table, terminal);
        terminal.Out.WriteLine(
            $"{net.Name}, phase {net.Phase.ToString().ToUpperInvariant()}: {summary.Rows.Count} layers, "
            + $"{Number(summary.Parameters)} parameters, "
                + $"{(summary.ForwardFlops / 1e9).ToString("F3", CultureInfo.InvariantCulture)} GFLOP forward");
        terminal.Out.WriteLine(
            $"memory: parameters {ByteText.Of(summary.Parameters * 4)}, "
            + $"activations {ByteText.Of(summary.ActivationBytes)}, gradients {ByteText.Of(summary.GradientBytes)}, "
            + $"prefetch {ByteText.Of(summary.PrefetchBytes)}");
        terminal.Out.WriteLine(
            $"to run {ByteText.Of(summary.InferenceBytes)}, to train {ByteText.Of(summary.TrainingBytes())} "
            + $"(SGD; {ByteText.Of(summary.TrainingBytes(2))} with AdaDelta or Adam)");
        terminal.Out.WriteLine(
            $"blobs share memory: {ByteText.Of(summary.ForwardPlan.Bytes)} to run instead of "
            + $"{ByteText.Of(summary.ForwardPlan.UnplannedBytes)}, {ByteText.Of(summary.TrainingPlan.Bytes)} to train "
            + $"instead of {ByteText.Of(summary.TrainingPlan.UnplannedBytes)}");
    }

    /// <summary>Writes a table as plain text.</summary>
    /// <param name="table">The table.</param>
    /// <param name="terminal">Where to.</param>
    public static void Write(Table table, Terminal terminal)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(terminal.Out),
            Ansi = AnsiSupport.No,
        });
        console.Profile.Width = WidthOf(terminal);
        console.Write(table);
    }

    /// <summary>How many characters a line of results may have. A redirected table must not be folded to the width of a
    /// terminal that is not there.</summary>
    public static int WidthOf(Terminal terminal) =>
        ReferenceEquals(terminal.Out, Console.Out) && !Console.IsOutputRedirected
            ? Math.Max(LeastWidth, Console.WindowWidth) : RedirectedWidth;

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
