using CaffeActors.Cli.AzureDevOps;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Testing;
using CsCheck;

namespace CaffeActors.Cli.Tests.AzureDevOps;

/// <summary>A logging command is one line that the agent reads as it was meant, whatever its texts hold.</summary>
public sealed class LoggingCommandTests
{
    [Theory]
    [InlineData("plain = text: (1,2) [3", "plain = text: (1,2) [3")]
    [InlineData(";", "%3B")]
    [InlineData("]", "%5D")]
    [InlineData("\r", "%0D")]
    [InlineData("\n", "%0A")]
    [InlineData("%", "%AZP25")]
    [InlineData("50%; a]\r\nb", "50%AZP25%3B a%5D%0D%0Ab")]
    [InlineData("%0A", "%AZP250A")]
    [InlineData("", "")]
    public void Signs_AreEscaped(string text, string escaped) =>
        Assert.Equal(escaped, LoggingCommand.Escape(text));

    [Fact]
    public void EveryText_ComesThroughTheAgent() => Gen.String[0, 40].Sample(text =>
    {
        string line = LoggingCommand.Variable(text, text);
        Assert.DoesNotContain('\n', line);
        Assert.DoesNotContain('\r', line);
        (string action, Dictionary<string, string> properties, string message) = PipelineAgent.Read(line);
        Assert.Equal(("task.setvariable", text, text), (action, properties["variable"], message));
        Assert.Equal("true", properties["isOutput"]);
    });

    [Fact]
    public void Commands_AreTheAgents()
    {
        Assert.Equal("##vso[task.setprogress value=75]Training", LoggingCommand.Progress(75, "Training"));
        Assert.Equal("##vso[task.logissue type=warning]a%3B b", LoggingCommand.Warning("a; b"));
        Assert.Equal("##vso[task.logissue type=error]a", LoggingCommand.Error("a"));
        Assert.Equal("##vso[task.setvariable variable=runId;isOutput=true]x", LoggingCommand.Variable("runId", "x"));
        Assert.Equal("##vso[build.addbuildtag]finished", LoggingCommand.Tag("finished"));
        Assert.Equal(
            $"##vso[task.uploadsummary]{Path.GetFullPath("summary.md")}", LoggingCommand.Summary("summary.md"));
    }

    [Fact]
    public void Failure_HasItsPlaceAndCode()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("a;b.prototxt", "x");
        var failure = new CaffeException(
            "CFA1102", FailureKind.Configuration, "no field 'x' [y]", new SourcePlace(file, 3, 7));
        (string action, Dictionary<string, string> properties, string text) =
            PipelineAgent.Read(LoggingCommand.Failure(failure));
        Assert.Equal(("task.logissue", "no field 'x' [y]"), (action, text));
        Assert.Equal(("error", file, "3", "7", "CFA1102"), (properties["type"], properties["sourcepath"],
            properties["linenumber"], properties["columnnumber"], properties["code"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("--set")]
    public void FailureWithoutFile_HasNoPlace(string path)
    {
        var failure = new CaffeException("CFA1003", FailureKind.Configuration, "no", new SourcePlace(path, 1, 2));
        Assert.Equal("##vso[task.logissue type=error;code=CFA1003]no", LoggingCommand.Failure(failure));
    }
}
