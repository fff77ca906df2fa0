namespace CaffeActors.Cli.Tests.Commands;

/// <summary>Tables of training logs.</summary>
public sealed class ParseLogCommandTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    [Theory]
    [InlineData("sh", 0, "tables")]
    [InlineData("csv", 2, "--format is py or sh")]
    public async Task ParseLog_HasTwoFormats(string format, int code, string part)
    {
        string log = _cli.Write("a.log", "I1231 23:59:59.500000 7 solver.cpp:1] Solving n\n");
        Assert.Equal(code, await _cli.RunAsync("parse_log", log, _cli.At("tables"), "--format", format));
        Assert.Contains(part, code == 0 ? _cli.Out : _cli.Error, StringComparison.Ordinal);
    }
}
