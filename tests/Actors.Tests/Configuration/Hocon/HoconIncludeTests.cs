using System.Text;
using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Testing;
using static CaffeActors.Actors.Tests.Configuration.Hocon.HoconTesting;

namespace CaffeActors.Actors.Tests.Configuration.Hocon;

public sealed class HoconIncludeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("include \"inner.hocon\"\nb = 3", """{"a":1,"b":3}""")]
    [InlineData("b = 3\ninclude \"inner.hocon\"", """{"b":2,"a":1}""")]
    [InlineData("include\n\"inner.hocon\", c = 3", """{"a":1,"b":2,"c":3}""")]
    [InlineData("include file(\"inner.hocon\")", """{"a":1,"b":2}""")]
    [InlineData("include required(\"inner.hocon\")", """{"a":1,"b":2}""")]
    [InlineData("include required( file( \"inner.hocon\" ) )", """{"a":1,"b":2}""")]
    [InlineData("x { include \"inner\" }", """{"x":{"a":1,"b":2}}""")]
    [InlineData("x = [{ include \"inner\" }]", """{"x":[{"a":1,"b":2}]}""")]
    [InlineData("include \"missing.hocon\"\na = 1", """{"a":1}""")]
    [InlineData("include \"sub/deep.hocon\"", """{"a":1,"b":2,"deep":true}""")]
    [InlineData("include \"both\"", """{"json":1,"winner":"conf","conf":1}""")]
    public void Include_PutsTheFieldsInItsPlace(string text, string expected)
    {
        _folder.Write("inner.hocon", "a = 1\nb = 2");
        _folder.Write("sub/deep.hocon", "include \"../inner.hocon\"\ndeep = true");
        _folder.Write("both.json", """{ "json": 1, "winner": "json" }""");
        _folder.Write("both.conf", "conf = 1, winner = conf");
        Assert.Equal(expected, Json(ReadFile(_folder.Write("main.hocon", text))));
    }

    [Theory]
    [InlineData("a { include \"x\" }", """{"a":{"x":10,"y":10,"z":"env"}}""")]
    [InlineData("a { include \"x\" }, a.x = 42", """{"a":{"x":42,"y":42,"z":"env"}}""")]
    [InlineData("z0 = root, a { include \"x\" }", """{"z0":"root","a":{"x":10,"y":10,"z":"root"}}""")]
    [InlineData("b.c { include \"outer\" }", """{"b":{"c":{"d":{"x":10,"y":10,"z":"env"}}}}""")]
    public void SubstitutionInAnInclude_LooksInItsOwnRootFirst(string text, string expected)
    {
        _folder.Write("x.hocon", "x = 10\ny = ${x}\nz = ${z0}");
        _folder.Write("outer.hocon", "d { include \"x\" }");
        HoconObject read = HoconDocument.ParseFile(_folder.Write("main.hocon", text))
            .Resolve(name => name == "z0" ? "env" : null);
        Assert.Equal(expected, Json(read));
    }

    [Fact]
    public void AppendInAnInclude_AddsToTheListThere()
    {
        _folder.Write("x.hocon", "l += 2");
        Assert.Equal(
            """{"a":{"l":[1,2]}}""", Json(ReadFile(_folder.Write("main.hocon", "a { l = [1]\n include \"x\" }"))));
    }

    [Fact]
    public void Errors_NameTheIncludedFile()
    {
        string inner = _folder.Write("inner.hocon", "a = 1\nb = [");
        CaffeException e = Refused("include \"inner.hocon\"", ErrorCodes.HoconSyntax);
        Assert.Equal(new SourcePlace(inner, 2, 5), e.Place);
    }

    [Fact]
    public void MissingRequiredFile_IsRefused()
    {
        CaffeException e = Refused("a = 1\ninclude required(\"gone.hocon\")", ErrorCodes.FileNotFound);
        Assert.Equal(new SourcePlace(_folder.At("main.hocon"), 2, 18), e.Place);
        Assert.Contains("gone.hocon", e.Message, StringComparison.Ordinal);
        Assert.Equal(
            ErrorCodes.FileNotFound, Assert.Throws<CaffeException>(() => ReadFile(_folder.At("none.hocon"))).Code);
    }

    [Fact]
    public void Circle_IsRefusedWithItsChain()
    {
        _folder.Write("a.hocon", "include \"sub/b.hocon\"");
        _folder.Write("sub/b.hocon", "x = 1\ninclude \"../main.hocon\"");
        CaffeException e = Refused("include \"a.hocon\"", ErrorCodes.Unresolved);
        Assert.Equal(new SourcePlace(Path.Combine(_folder.At("sub"), "b.hocon"), 2, 9), e.Place);
        Assert.Matches("main.hocon → .*a.hocon → .*b.hocon → .*main.hocon", e.Message);
    }

    [Fact]
    public void ListInAnIncludedFile_IsRefused()
    {
        _folder.Write("list.hocon", "[1, 2]");
        Refused("include \"list.hocon\"", ErrorCodes.HoconSyntax);
    }

    [Fact]
    public void TextThatIsNotUtf8_IsRefusedAtItsLine()
    {
        File.WriteAllBytes(_folder.At("main.hocon"), [.. Encoding.UTF8.GetBytes("a = 1\nb = \""), 0xff, (byte)'"']);
        var e = Assert.Throws<CaffeException>(() => ReadFile(_folder.At("main.hocon")));
        Assert.Equal((ErrorCodes.HoconSyntax, new SourcePlace(_folder.At("main.hocon"), 2)), (e.Code, e.Place));
    }

    [Fact]
    public void ByteOrderMark_IsPassed()
    {
        File.WriteAllBytes(_folder.At("main.hocon"), [0xef, 0xbb, 0xbf, .. "a = 1"u8]);
        HoconObject read = ReadFile(_folder.At("main.hocon"));
        Assert.Equal(new SourcePlace(_folder.At("main.hocon"), 1, 1), read.PlaceOfKey("a"));
    }

    private static HoconObject ReadFile(string path) => HoconDocument.ParseFile(path).Resolve(NoEnvironment);

    private CaffeException Refused(string text, string code)
    {
        string path = _folder.Write("main.hocon", text);
        var e = Assert.Throws<CaffeException>(() => ReadFile(path));
        Assert.Equal(code, e.Code);
        return e;
    }
}
