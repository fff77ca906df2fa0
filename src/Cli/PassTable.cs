using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets.Passes;
using Spectre.Console;

namespace CaffeActors.Cli;

/// <summary>What graph passes did to a net, as a table.</summary>
internal static class PassTable
{
    /// <summary>Prints a row for each place of the net that was changed, and the sums.</summary>
    /// <param name="effects">What was done where.</param>
    /// <param name="terminal">Where to.</param>
    public static void Print(IReadOnlyList<PassEffect> effects, Terminal terminal)
    {
        terminal.Out.WriteLine();
        if (effects.Count == 0)
        {
            terminal.Out.WriteLine("passes: none changes anything in this net");
            return;
        }

        var table = new Table().Border(TableBorder.Simple)
            .AddColumn("pass").AddColumn("layer").AddColumn("does the work of")
            .AddColumn(new TableColumn("forward saved").RightAligned())
            .AddColumn(new TableColumn("backward saved").RightAligned())
            .AddColumn(new TableColumn("kept for it").RightAligned());
        foreach (PassEffect effect in effects)
        {
            table.AddRow(
                PassNames.Of(effect.Pass), Markup.Escape(effect.Layer),
                Markup.Escape(string.Join(", ", effect.Absorbed)), ByteText.Of(effect.ForwardBytes),
                ByteText.Of(effect.BackwardBytes), ByteText.Of(effect.KeptBytes));
        }

        NetTable.Write(table, terminal);
        terminal.Out.WriteLine(
            $"passes: memory traffic of a batch less by {ByteText.Of(effects.Sum(effect => effect.ForwardBytes))} "
            + $"forward and {ByteText.Of(effects.Sum(effect => effect.BackwardBytes))} backward; "
            + $"{ByteText.Of(effects.Sum(effect => effect.KeptBytes))} of weights kept besides");
    }
}
