using CaffeActors.Cli.Rendering;

namespace CaffeActors.Cli.Tests.Rendering;

public sealed class ResultTableTests
{
    private static readonly string[] _columns = ["run", "loss"];

    [Fact]
    public void ATableThatFits_HasALineForEachRow()
    {
        string text = Written(_columns, [["a", 0.5], ["b", 12.25]]);
        Assert.Single(text.Split('\n'), line => line.Contains('a') && line.Contains("0.5", StringComparison.Ordinal));
        Assert.Single(text.Split('\n'), line => line.Contains('b') && line.Contains("12.25", StringComparison.Ordinal));
    }

    [Fact]
    public void OneThatIsWiderThanTheTerminal_HasALineForEachCell()
    {
        string name = new('r', 150), other = new('o', 60);
        Assert.Equal($"run   {name}\nloss  0.5\nnote  {other}\n\nrun   b\nloss  2\n\n",
            Written([.. _columns, "note"], [[name, 0.5, other], ["b", 2.0, null]]));
    }

    private static string Written(IReadOnlyList<string> columns, IReadOnlyList<object?[]> rows)
    {
        using var output = new StringWriter { NewLine = "\n" };
        ResultTable.Write(columns, rows, new Terminal(output, TextWriter.Null, false, _ => null));
        return output.ToString();
    }
}
