using Akka.Configuration;
using CaffeActors.Actors.Configuration.Hocon;
using CsCheck;
using static CaffeActors.Actors.Tests.Configuration.Hocon.HoconTesting;

namespace CaffeActors.Actors.Tests.Configuration.Hocon;

public sealed class HoconRenderTests
{
    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.String[Gen.Char.AlphaNumeric, 0, 6],
        Gen.String[Gen.Char["\"\\\n\r\t$#/{}[]:=,+. \u00e9\u4e2d\u2028\u0001\ud83d\ude00\ud800"], 0, 8],
        OneOf("true", "null", "include", "1e5", "-0", "10ms", "${a}", "//", "\"\"\"", ""));

    private static readonly Gen<string> Scalar = Gen.OneOf(
        Gen.Int.Select(n => $"{n}"), Gen.Double[-1e6, 1e6].Select(d => $"{d:R}"), OneOf("true", "false", "null"),
        Text.Select(HoconText.Quote));

    private static readonly Gen<string> Value = Gen.Recursive<string>((depth, self) => depth > 4
        ? Scalar
        : Gen.OneOf(
            Scalar,
            self.List[0, 4].Select(items => $"[{string.Join(", ", items)}]"),
            Fields(self).Select(fields => $"{{{fields}}}")));

    [Fact]
    public void RenderedTree_ReadsBackEqual() => Fields(Value).Sample(text =>
    {
        HoconObject tree = Read(text);
        string expected = Json(tree);
        Assert.Equal(expected, Json(Read(tree.Render())));
        Assert.Equal(expected, Json(Read(tree.Render(withOrigins: true))));
    }, iter: 2000);

    [Fact]
    public void KeysWithoutAValue_StayWithoutOne()
    {
        string rendered = Read("a = [{ b = ${?NOT_SET}, c = 1 }]").Render();
        var item = (HoconObject)((HoconArray)Read(rendered)["a"]).Items[0];
        Assert.Equal(["b"], item.UndefinedKeys);
        Assert.Equal(["c"], item.Keys);
    }

    [Fact]
    public void Json_ReadsBackEqual() => Fields(Value).Sample(text =>
    {
        string json = Json(Read(text));
        Assert.Equal(json, Json(Read(json)));
    }, iter: 500);

    [Fact]
    public void Render_IsPlain()
    {
        const string Source = """
            a { b = 1, "c d" = [x, 2], e {} }, l = [{ m = on }, []], t = "a \"b\""
            """;
        const string Expected = """
            a {
              b = 1
              "c d" = ["x", 2]
              e {}
            }
            l = [
              {
                m = "on"
              }
              []
            ]
            t = "a \"b\""

            """;
        Assert.Equal(Expected, Read(Source).Render());
    }

    [Fact]
    public void Origins_FollowTheValues()
    {
        HoconObject read = HoconDocument.ParseText("a = 1\nb {\n  c = ${?HOME}\n}", "x.hocon")
            .WithOverride("d", "[1]", "--set").Resolve(name => name == "HOME" ? "/h" : null);
        const string Expected = """
            a = 1  # x.hocon(1,5)
            b {
              c = "/h"  # x.hocon(3,7), environment variable HOME
            }
            d = [1]  # --set

            """;
        Assert.Equal(Expected, read.Render(withOrigins: true));
    }

    [Fact]
    public void RenderedText_IsReadByAkka()
    {
        HoconObject read = Read("""
            akka {
              loglevel = WARNING
              loggers = ["Akka.Event.DefaultLogger"]
              actor.debug { receive = on, unhandled = off }
              remote.dot-netty.tcp { port = 0, hostname = "127.0.0.1", maximum-frame-size = 8MiB }
              "quoted key" = "a \"b\" \\ c"
              retries = 1e2, empty {}, long = [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,
                bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, cccccccccccccccccccccccccccccccccc]
            }
            """);
        Config akka = ConfigurationFactory.ParseString(read.Render(withOrigins: true));
        Assert.Equal("WARNING", akka.GetString("akka.loglevel"));
        Assert.Equal(["Akka.Event.DefaultLogger"], akka.GetStringList("akka.loggers"));
        Assert.True(akka.GetBoolean("akka.actor.debug.receive"));
        Assert.False(akka.GetBoolean("akka.actor.debug.unhandled"));
        Assert.Equal(0, akka.GetInt("akka.remote.dot-netty.tcp.port", 5));
        Assert.Equal("127.0.0.1", akka.GetString("akka.remote.dot-netty.tcp.hostname"));
        Assert.Equal(8 << 20, akka.GetByteSize("akka.remote.dot-netty.tcp.maximum-frame-size"));
        Assert.Equal("a \"b\" \\ c", akka.GetString("akka.\"quoted key\""));
        Assert.Equal(100, akka.GetDouble("akka.retries"));
        Assert.Equal(3, akka.GetStringList("akka.long").Count);
    }

    private static Gen<string> Fields(Gen<string> value) =>
        Gen.Select(Text, value, (key, written) => $"{HoconText.Quote(key)} = {written}")
            .List[0, 4].Select(fields => string.Join(", ", fields));

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);
}
