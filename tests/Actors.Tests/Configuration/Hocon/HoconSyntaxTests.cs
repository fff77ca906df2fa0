using CaffeActors.Compute.Diagnostics;
using static CaffeActors.Actors.Tests.Configuration.Hocon.HoconTesting;

namespace CaffeActors.Actors.Tests.Configuration.Hocon;

public sealed class HoconSyntaxTests
{
    [Theory]
    // JSON
    [InlineData("", "{}")]
    [InlineData("{}", "{}")]
    [InlineData("""{"a":1,"b":[true,false,null,"x"],"c":{"d":-1.5e+10}}""",
        """{"a":1,"b":[true,false,null,"x"],"c":{"d":-1.5e+10}}""")]
    [InlineData("{\"a\"\n:\n1\n,\"b\"\n:\n2}", """{"a":1,"b":2}""")]
    [InlineData("""{"a":"\"\\\/\b\f\n\r\t\u0041"}""", """{"a":"\"\\/\u0008\u000c\n\r\tA"}""")]
    // Comments, braces, separators
    [InlineData("# c\na = 1 // d\n// e\nb = 2 # f", """{"a":1,"b":2}""")]
    [InlineData("a = \"# no // comment\"", """{"a":"# no // comment"}""")]
    [InlineData("a = x#c", """{"a":"x"}""")]
    [InlineData("a = x//c", """{"a":"x"}""")]
    [InlineData("a = x/c", """{"a":"x/c"}""")]
    [InlineData("a=1\nb:2\nc { d = 3 }\ne = { f : 4 }\ng\n{ h = 5 }",
        """{"a":1,"b":2,"c":{"d":3},"e":{"f":4},"g":{"h":5}}""")]
    [InlineData("a = 1, b = 2,", """{"a":1,"b":2}""")]
    [InlineData("a =\n  1", """{"a":1}""")]
    [InlineData("a = [1, 2\n3 # c\n,4,]", """{"a":[1,2,3,4]}""")]
    [InlineData("a = [\n]", """{"a":[]}""")]
    [InlineData("a = 1\r\nb = 2\r\n", """{"a":1,"b":2}""")]
    [InlineData("a = 1", """{"a":1}""")]
    // Strings
    [InlineData("a = foo bar  baz  # end", """{"a":"foo bar  baz"}""")]
    [InlineData("a = foo \"bar\" 1", """{"a":"foo bar 1"}""")]
    [InlineData("a = true", """{"a":true}""")]
    [InlineData("a = true story", """{"a":"true story"}""")]
    [InlineData("a = truefoo", """{"a":"truefoo"}""")]
    [InlineData("a = \"true\"", """{"a":"true"}""")]
    [InlineData("a = null", """{"a":null}""")]
    [InlineData("a = nullable", """{"a":"nullable"}""")]
    [InlineData("a = \"\"", """{"a":""}""")]
    [InlineData("a = include", """{"a":"include"}""")]
    [InlineData("a = \"\"\"x \"y\" \\n\nz\"\"\"", """{"a":"x \"y\" \\n\nz"}""")]
    [InlineData("a = \"\"\"foo\"\"\"\"", """{"a":"foo\""}""")]
    [InlineData("a = \"\"\"\"\"\"", """{"a":""}""")]
    // Numbers as written
    [InlineData("a = 1e5", """{"a":1e5}""")]
    [InlineData("a = 1e+5", """{"a":1e+5}""")]
    [InlineData("a = -0.50", """{"a":-0.50}""")]
    [InlineData("a = 007", """{"a":"007"}""")]
    [InlineData("a = 10ms", """{"a":"10ms"}""")]
    [InlineData("a = 10 ms", """{"a":"10 ms"}""")]
    [InlineData("a = 1.2.3", """{"a":"1.2.3"}""")]
    [InlineData("a = -x", """{"a":"-x"}""")]
    // Keys and paths
    [InlineData("a.b.c = 1, a.b.d = 2", """{"a":{"b":{"c":1,"d":2}}}""")]
    [InlineData("a b c = 1", """{"a b c":1}""")]
    [InlineData("3.14 = 1", """{"3":{"14":1}}""")]
    [InlineData("10.0foo = 1", """{"10":{"0foo":1}}""")]
    [InlineData("foo\"10.0\" = 1", """{"foo10.0":1}""")]
    [InlineData("a.\"b.c\".d = 1", """{"a":{"b.c":{"d":1}}}""")]
    [InlineData("a . b = 1", """{"a":{"b":1}}""")]
    [InlineData("\"\".x = 1", """{"":{"x":1}}""")]
    [InlineData("true = 1, null = 2", """{"true":1,"null":2}""")]
    [InlineData("\"include\" = 1, foo include = 2, included = 3", """{"include":1,"foo include":2,"included":3}""")]
    [InlineData("include.x = 4", """{"include":{"x":4}}""")]
    [InlineData("a-b_c/d = 1", """{"a-b_c/d":1}""")]
    // Duplicate keys
    [InlineData("a = 1, a = 2", """{"a":2}""")]
    [InlineData("a { x = 1 }, a { y = 2 }", """{"a":{"x":1,"y":2}}""")]
    [InlineData("a { x = 1, z { p = 1 } }, a { x = 2, z { q = 2 } }", """{"a":{"x":2,"z":{"p":1,"q":2}}}""")]
    [InlineData("a { x = 1 }, a = null, a { y = 2 }", """{"a":{"y":2}}""")]
    [InlineData("a { x = 1 }, a = [1]", """{"a":[1]}""")]
    [InlineData("a = 1, b = 2, a = 3", """{"a":3,"b":2}""")]
    // Concatenation
    [InlineData("a = [1] [2, 3]", """{"a":[1,2,3]}""")]
    [InlineData("a = [ [1] [2]\n[3] ]", """{"a":[[1,2],[3]]}""")]
    [InlineData("a = { x = 1 } { y = 2 } { x = 3 }", """{"a":{"x":3,"y":2}}""")]
    [InlineData("a = [ 1 2 3 ]", """{"a":["1 2 3"]}""")]
    [InlineData("a += 1, a += 2", """{"a":[1,2]}""")]
    [InlineData("a = [0], a += [1], a += { b = 1 }", """{"a":[0,[1],{"b":1}]}""")]
    [InlineData("x { a = [0], a += 1 }", """{"x":{"a":[0,1]}}""")]
    [InlineData("x.a = [0], x.a += 1", """{"x":{"a":[0,1]}}""")]
    [InlineData("a = ${? b}", "{}")]
    public void Text_ReadsAs(string text, string expected) => Assert.Equal(expected, Json(Read(text)));

    [Theory]
    // What is open is told where it opened.
    [InlineData("a {\n  b = 1\n", 1, 3, "never closed")]
    [InlineData("a = 1\n\n  b = [1,\n 2\n", 3, 7, "never closed")]
    [InlineData("{ a = 1", 1, 1, "never closed")]
    [InlineData("a = 1\nb = \"x\nc = 2", 2, 5, "not closed")]
    [InlineData("a = \"\"\"x\ny", 1, 5, "never closed")]
    [InlineData("a = ${b\nc = 1", 1, 5, "never closed")]
    [InlineData("a = ${b", 1, 5, "never closed")]
    [InlineData("a = 1 }", 1, 7, "closes nothing")]
    [InlineData("{ a = 1 } }", 1, 11, "closes nothing")]
    [InlineData("{ a = 1 } b = 2", 1, 11, "end of the file")]
    [InlineData("a = [1}", 1, 7, "']'")]
    [InlineData("a { b = 1 ]", 1, 11, "a comma")]
    // Commas
    [InlineData(", a = 1", 1, 1, "nothing before")]
    [InlineData("a = 1,, b = 2", 1, 7, "nothing before")]
    [InlineData("a = [,1]", 1, 6, "nothing before")]
    [InlineData("a = [1,,2]", 1, 8, "nothing before")]
    [InlineData("a = 1 b = 2", 1, 9, "a comma")]
    [InlineData("a = { x = 1 } b = 2", 1, 17, "a comma")]
    // Values and keys
    [InlineData("a =", 1, 4, "the value of 'a'")]
    [InlineData("a = }", 1, 5, "the value of 'a'")]
    [InlineData("a = ,", 1, 5, "the value of 'a'")]
    [InlineData("x\na = 1", 1, 1, "'x' has no value")]
    [InlineData("a..b = 1", 1, 3, "empty")]
    [InlineData(".a = 1", 1, 1, "empty")]
    [InlineData("a. = 1", 1, 4, "a key")]
    [InlineData("= 1", 1, 1, "a key")]
    [InlineData("${a} = 1", 1, 1, "substitution")]
    [InlineData("a = http://x", 1, 9, "double quotes")]
    [InlineData("a = x*", 1, 6, "double quotes")]
    [InlineData("a = x@y", 1, 6, "reserved")]
    [InlineData("a = $x", 1, 5, "reserved")]
    [InlineData("a = ${b${c}}", 1, 8, "'}'")]
    [InlineData("a = \"\\x\"", 1, 6, "escape")]
    [InlineData("a = \"\\u12g4\"", 1, 6, "escape")]
    [InlineData("[1]", 1, 1, "not a list")]
    [InlineData("a = [ { b += 1 } ]", 1, 9, "+=")]
    // Includes
    [InlineData("include x", 1, 1, "double quotes")]
    [InlineData("include = 1", 1, 1, "double quotes")]
    [InlineData("include url(\"http://x\")", 1, 1, "double quotes")]
    [InlineData("include file(\"x\"", 1, 17, "')'")]
    // Mixed concatenations
    [InlineData("a = [1] x", 1, 9, "side by side")]
    [InlineData("a = { b = 1 } x", 1, 15, "side by side")]
    [InlineData("a = { b = 1 } [1]", 1, 15, "side by side")]
    public void BrokenText_IsRefusedAtItsPlace(string text, int line, int column, string because)
    {
        CaffeException e = Refused(text, ErrorCodes.HoconSyntax);
        Assert.Equal(new SourcePlace("test.hocon", line, column), e.Place);
        Assert.Contains(because, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_HasALimit()
    {
        Read(Repeat("a{", 128) + Repeat("}", 128));
        Refused(Repeat("a{", 129) + Repeat("}", 129), ErrorCodes.HoconSyntax);
        Refused("a=" + Repeat("[", 100_000), ErrorCodes.HoconSyntax);
        Refused(Repeat("a.", 100_000) + "b=1", ErrorCodes.HoconSyntax);
        Refused("x = ${" + Repeat("a.", 100_000) + "b}", ErrorCodes.HoconSyntax);
    }
}
