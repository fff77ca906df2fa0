using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Compute.Diagnostics;
using static CaffeActors.Actors.Tests.Configuration.Hocon.HoconTesting;

namespace CaffeActors.Actors.Tests.Configuration.Hocon;

public sealed class HoconDocumentTests
{
    private static readonly HoconDocument Document =
        HoconDocument.ParseText("a { x = 1, y = ${a.x} }\nl = [1]\n\"conv1/7x7\".n = 1", "main.hocon");

    [Theory]
    [InlineData("a.x", "5", """{"a":{"x":5,"y":5},"l":[1],"conv1/7x7":{"n":1}}""")]
    [InlineData("a", "{ z = 3 }", """{"a":{"x":1,"y":1,"z":3},"l":[1],"conv1/7x7":{"n":1}}""")]
    [InlineData("a", "null", """{"a":null,"l":[1],"conv1/7x7":{"n":1}}""")]
    [InlineData("l", "${l} [2]", """{"a":{"x":1,"y":1},"l":[1,2],"conv1/7x7":{"n":1}}""")]
    [InlineData("\"conv1/7x7\".n", "", """{"a":{"x":1,"y":1},"l":[1],"conv1/7x7":{"n":""}}""")]
    [InlineData("new.key", "some text",
        """{"a":{"x":1,"y":1},"l":[1],"conv1/7x7":{"n":1},"new":{"key":"some text"}}""")]
    public void Override_IsSetOverAllElse(string path, string value, string expected) =>
        Assert.Equal(expected, Json(Document.WithOverride(path, value, "--set").Resolve(NoEnvironment)));

    [Fact]
    public void LaterOverride_Wins()
    {
        HoconObject read = Document.WithOverride("a.x", "2", "--set").WithOverride("a.x", "3", "--max")
            .Resolve(NoEnvironment);
        Assert.Equal("3", Json(read.Find("a.x")!));
        Assert.Equal(new SourcePlace("--max"), read.Find("a.x")!.Place);
    }

    [Theory]
    [InlineData("a..x", "1", ErrorCodes.HoconSyntax)]
    [InlineData("", "1", ErrorCodes.HoconSyntax)]
    [InlineData("a = b", "1", ErrorCodes.HoconSyntax)]
    [InlineData("a.x", "[1", ErrorCodes.HoconSyntax)]
    [InlineData("a.x", "1, b = 2", ErrorCodes.HoconSyntax)]
    [InlineData("a.x", "1\nb = 2", ErrorCodes.HoconSyntax)]
    [InlineData("a.x", "http://x", ErrorCodes.HoconSyntax)]
    public void BrokenOverride_IsRefusedByName(string path, string value, string code)
    {
        var e = Assert.Throws<CaffeException>(() => Document.WithOverride(path, value, "--set"));
        Assert.Equal((code, new SourcePlace("--set")), (e.Code, e.Place));
        Assert.Contains($"{path}={value}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fallback_FillsWhatIsNotSet()
    {
        HoconDocument fallback = HoconDocument.ParseText("a { x = 7, w = ${l} }, m = 8", "reference.conf");
        HoconObject read = Document.WithFallback(fallback).Resolve(NoEnvironment);
        Assert.Equal("""{"a":{"x":1,"w":[1],"y":1},"m":8,"l":[1],"conv1/7x7":{"n":1}}""", Json(read));
        Assert.Equal("reference.conf", read["m"].Place.Path);
    }

    [Fact]
    public void Find_FollowsQuotedPaths()
    {
        HoconObject read = Document.Resolve(NoEnvironment);
        Assert.Equal("1", Json(read.Find("\"conv1/7x7\".n")!));
        Assert.Null(read.Find("a.x.y"));
        Assert.Null(read.Find("b"));
        Assert.Throws<CaffeException>(() => read.Find("a."));
    }
}
