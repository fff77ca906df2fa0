using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Compute.Diagnostics;
using static CaffeActors.Actors.Tests.Configuration.Hocon.HoconTesting;

namespace CaffeActors.Actors.Tests.Configuration.Hocon;

public sealed class HoconSubstitutionTests
{
    private static string? Environment(string name) => name switch
    {
        "HOME" => "/home/me",
        "EMPTY" => "",
        "a.b" => "dotted",
        _ => null,
    };

    [Theory]
    [InlineData("a = 1, b = ${a}", """{"a":1,"b":1}""")]
    [InlineData("b = ${a}, a = 1, a = 2", """{"b":2,"a":2}""")]
    [InlineData("a = [1], b = ${a} [2]", """{"a":[1],"b":[1,2]}""")]
    [InlineData("a { x = 1 }, b = ${a} { y = 2 }", """{"a":{"x":1},"b":{"x":1,"y":2}}""")]
    [InlineData("a { x = 1 }, b = ${a}, b.x = 3", """{"a":{"x":1},"b":{"x":3}}""")]
    [InlineData("a = x, b = ${a} and ${a}y", """{"a":"x","b":"x and xy"}""")]
    [InlineData("a = 1.50, b = v${a}", """{"a":1.50,"b":"v1.50"}""")]
    [InlineData("a = null, b = ${a}, c = x${a}", """{"a":null,"b":null,"c":"xnull"}""")]
    [InlineData("a.b = 1, c = ${ a . b }", """{"a":{"b":1},"c":1}""")]
    [InlineData("a.\"b.c\" = 1, d = ${a.\"b.c\"}", """{"a":{"b.c":1},"d":1}""")]
    [InlineData("a = [${b}, ${b} c], b = 1", """{"a":[1,"1 c"],"b":1}""")]
    [InlineData("a = \"${b}\"", """{"a":"${b}"}""")]
    // Undefined
    [InlineData("a = ${?x}", "{}")]
    [InlineData("a = 1, a = ${?x}", """{"a":1}""")]
    [InlineData("a { b = 1 }, a = ${?x}, a { c = 2 }", """{"a":{"b":1,"c":2}}""")]
    [InlineData("a = [1, ${?x}, 2]", """{"a":[1,2]}""")]
    [InlineData("a = ${?x}${?y}", "{}")]
    [InlineData("a = ${?x} ${?y}", "{}")]
    [InlineData("a = ${?x}z", """{"a":"z"}""")]
    [InlineData("a = ${?x}[1]", """{"a":[1]}""")]
    [InlineData("a = ${?x} { b = 1 }", """{"a":{"b":1}}""")]
    [InlineData("a = ${missing}, a = 42", """{"a":42}""")]
    [InlineData("a = ${a}, a = 42", """{"a":42}""")]
    [InlineData("a { x = ${missing} }, a { x = 1 }", """{"a":{"x":1}}""")]
    [InlineData("a = ${?b.c}, b = 1", """{"b":1}""")]
    // Looking back
    [InlineData("p = a, p = ${p}b", """{"p":"ab"}""")]
    [InlineData("p = [a], p = ${p} [b], p = ${p} [c]", """{"p":["a","b","c"]}""")]
    [InlineData("a = ${?a}foo", """{"a":"foo"}""")]
    [InlineData("a = ${?a}", "{}")]
    [InlineData("foo { a = 1 }, foo = ${foo}", """{"foo":{"a":1}}""")]
    [InlineData("foo { a { c = 1 } }, foo = ${foo.a}, foo { a = 2 }", """{"foo":{"a":2,"c":1}}""")]
    [InlineData("a { x = 1 }, a = ${a} { y = ${a.x} }", """{"a":{"x":1,"y":1}}""")]
    [InlineData("a { x = 1 }, a = ${a} { z = 5, y = ${a.z} }", """{"a":{"x":1,"z":5,"y":5}}""")]
    [InlineData("o.p = a, o { p = ${o.p}b }", """{"o":{"p":"ab"}}""")]
    [InlineData("a = 1, b = ${a}, a = ${b}", """{"a":1,"b":1}""")]
    [InlineData("a = 1, b = 2, a = ${b}, b = ${a}", """{"a":1,"b":1}""")]
    // Looking forward, lazily
    [InlineData("bar { foo = 42, baz = ${bar.foo} }", """{"bar":{"foo":42,"baz":42}}""")]
    [InlineData("bar { foo = 42, baz = ${bar.foo} }, bar { foo = 43 }", """{"bar":{"foo":43,"baz":43}}""")]
    [InlineData("bar { a = ${foo.d}, b = 1 }, bar.b = 3, foo { c = ${bar.b}, d = 2 }, foo.d = 4",
        """{"bar":{"a":4,"b":3},"foo":{"c":3,"d":4}}""")]
    [InlineData("a = ${x} { q = 1 }, x { p = ${a.q} }", """{"a":{"p":1,"q":1},"x":{"p":1}}""")]
    [InlineData("t { k = ${u} }, u = ${t} { k = 1 }", """{"t":{"k":{"k":1}},"u":{"k":1}}""")]
    [InlineData("base { dir = ${run.name}/x }, run = ${base} { name = n }",
        """{"base":{"dir":"n/x"},"run":{"dir":"n/x","name":"n"}}""")]
    // Environment
    [InlineData("a = ${HOME}/x", """{"a":"/home/me/x"}""")]
    [InlineData("a = ${?HOME}", """{"a":"/home/me"}""")]
    [InlineData("a = ${?EMPTY}", """{"a":""}""")]
    [InlineData("a = default, a = ${?HOME}", """{"a":"/home/me"}""")]
    [InlineData("a = default, a = ${?NO_HOME}", """{"a":"default"}""")]
    [InlineData("HOME = 5, a = ${HOME}", """{"HOME":5,"a":5}""")]
    [InlineData("HOME = null, a = ${HOME}", """{"HOME":null,"a":null}""")]
    [InlineData("HOME = ${HOME}/x", """{"HOME":"/home/me/x"}""")]
    [InlineData("a = [${?HOME}], b = [${?NO_HOME}]", """{"a":["/home/me"],"b":[]}""")]
    [InlineData("HOME += x", """{"HOME":["x"]}""")]
    [InlineData("c = ${a.b}", """{"c":"dotted"}""")]
    public void Substitution_ResolvesTo(string text, string expected) =>
        Assert.Equal(expected, Json(Read(text, Environment)));

    [Theory]
    [InlineData("a = ${b}, b = ${a}", "${b} at test.hocon(1,5), then ${a} at test.hocon(1,15)")]
    [InlineData("a = ${b}, b = ${c}, c = ${a}", "${b} at test.hocon(1,5), then ${c} at test.hocon(1,15), then ${a}")]
    [InlineData("a = ${a}", "${a} at test.hocon(1,5)")]
    [InlineData("a = ${a}x", "${a}")]
    [InlineData("a { b = ${a} }", "${a}")]
    [InlineData("a = [${a}]", "${a}")]
    [InlineData("a = 1, a = { b = ${a} }", "${a}")]
    [InlineData("a = ${x} { r = 1 }, x { p = ${a.p} }", "${a.p}")]
    [InlineData("a.b = ${a.c}, a.c = ${a.b}", "${a.c}")]
    public void Circle_IsRefusedWithItsChain(string text, string chain)
    {
        CaffeException e = Refused(text, ErrorCodes.Unresolved);
        Assert.Contains("circle", e.Message, StringComparison.Ordinal);
        Assert.Contains(chain, e.Message, StringComparison.Ordinal);
        Assert.Equal("test.hocon", e.Place?.Path);
    }

    [Fact]
    public void UndefinedSubstitution_IsRefusedWithTheNearestPath()
    {
        CaffeException e = Refused("train { seed = 1 }\nx = ${train.sed}", ErrorCodes.Unresolved);
        Assert.Equal(new SourcePlace("test.hocon", 2, 5), e.Place);
        Assert.Contains("${train.seed}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UndefinedKeys_AreKnownWithTheirPlace()
    {
        HoconObject read = Read("a = 1\n  b = ${?NOT_SET}");
        Assert.Equal(["b"], read.UndefinedKeys);
        Assert.Equal(new SourcePlace("test.hocon", 2, 3), read.PlaceOfKey("b"));
    }

    [Fact]
    public void Values_KeepTheirPlaceAndVariable()
    {
        HoconObject read = Read("a = 1\nb = ${a}\nc {\n  d.e = ${HOME}\n}\nf = x ${a}\na = 2", Environment);
        Assert.Equal(new SourcePlace("test.hocon", 7, 5), read["a"].Place);
        Assert.Equal(new SourcePlace("test.hocon", 7, 5), read["b"].Place);
        Assert.Equal(new SourcePlace("test.hocon", 2, 1), read.PlaceOfKey("b"));
        var variable = Assert.IsType<HoconScalar>(read.Find("c.d.e"));
        Assert.Equal(("HOME", new SourcePlace("test.hocon", 4, 9)), (variable.Variable, variable.Place));
        Assert.Equal(new SourcePlace("test.hocon", 4, 5), ((HoconObject)read.Find("c.d")!).PlaceOfKey("e"));
        Assert.Equal(new SourcePlace("test.hocon", 6, 5), read["f"].Place);
    }

    [Fact]
    public void Growth_HasALimit()
    {
        string doubling = "a0 = [x, x, x, x, x, x, x, x]\n"
            + string.Concat(Enumerable.Range(1, 40).Select(i => $"a{i} = ${{a{i - 1}}} ${{a{i - 1}}}\n"));
        Refused(doubling, ErrorCodes.Unresolved);
        Refused(doubling.Replace("[x, x, x, x, x, x, x, x]", "xxxxxxxx", StringComparison.Ordinal),
            ErrorCodes.Unresolved);
        Refused(doubling.Replace("[x, x, x, x, x, x, x, x]", "{ x = 1 }", StringComparison.Ordinal)
            .Replace("} ${", "} { y = ${", StringComparison.Ordinal).Replace("}\n", "} }\n", StringComparison.Ordinal)
            .Replace("{ x = 1 } }", "{ x = 1 }", StringComparison.Ordinal), ErrorCodes.Unresolved);
        string chain = string.Concat(Enumerable.Range(1, 5000).Select(i => $"a{i} = ${{a{i + 1}}}\n")) + "a5001 = 1";
        Refused(chain, ErrorCodes.Unresolved);
    }

    [Fact]
    public void AddingToAnObjectManyTimes_StaysSmall()
    {
        string text = "a { k0 = 0 }\n"
            + string.Concat(Enumerable.Range(1, 60).Select(i => $"a = ${{a}} {{ k{i} = {i} }}\n"));
        Assert.Equal(61, ((HoconObject)Read(text)["a"]).Keys.Count);
        string list = string.Concat(Enumerable.Range(0, 100).Select(i => $"a += {i}\n"));
        Assert.Equal(100, ((HoconArray)Read(list)["a"]).Items.Count);
    }
}
