namespace CaffeActors.MSBuild.Tests;

/// <summary>The program's lines as a build understands them.</summary>
public sealed class DiagnosticTests
{
    [Theory]
    [InlineData("/a b/net.prototxt(3,7): error CFA1102: no field 'x'", "Error", "/a b/net.prototxt", 3, 7, "CFA1102",
        "no field 'x'")]
    [InlineData("net.prototxt(3): warning CFA1102: text", "Warning", "net.prototxt", 3, 0, "CFA1102", "text")]
    [InlineData("C:\\nets\\net(1).prototxt(3,7): error CFA1102: a: b", "Error", "C:\\nets\\net(1).prototxt", 3, 7,
        "CFA1102", "a: b")]
    [InlineData("net.prototxt: error CFA1102: text", "Error", "net.prototxt", 0, 0, "CFA1102", "text")]
    [InlineData("error CFA1000: text", "Error", null, 0, 0, "CFA1000", "text")]
    [InlineData("W0102 03:04:05.678901    14 A.cs:25] dead layer", "Warning", null, 0, 0, null, "dead layer")]
    [InlineData("E0102 03:04:05.678901    14 A.cs:25] net.prototxt(3,7): error CFA1404: no room", "Warning", null, 0, 0,
        null, "net.prototxt(3,7): error CFA1404: no room")]
    [InlineData("I0102 03:04:05.678901    14 A.cs:25] Iteration 0", "None", null, 0, 0, null, "Iteration 0")]
    [InlineData("no error CFA1000 here", "None", null, 0, 0, null, "no error CFA1000 here")]
    [InlineData("", "None", null, 0, 0, null, "")]
    public void Lines_AreRead(
        string line, string kind, string? file, int row, int column, string? code, string text)
    {
        Diagnostic found = Diagnostic.Of(line);
        Assert.Equal((kind, file, row, column, code, text),
            (found.Kind.ToString(), found.File, found.Line, found.Column, found.Code, found.Text));
    }

    [Theory]
    [InlineData("", new string[0])]
    [InlineData("  a  b ", new[] { "a", "b" })]
    [InlineData("--set \"acceptance.accuracy >= 0.9\"", new[] { "--set", "acceptance.accuracy >= 0.9" })]
    [InlineData("a\"b c\"d \"\"", new[] { "ab cd", "" })]
    public void MoreArguments_AreTakenApart(string text, string[] expected) =>
        Assert.Equal(expected, CommandText.Split(text));
}
