using System.Text;
using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Random;
using static CaffeActors.Actors.Tests.Configuration.Hocon.HoconTesting;

namespace CaffeActors.Actors.Tests.Configuration.Hocon;

/// <summary>Broken text of every kind is read or refused in order: nothing else is thrown, and reading comes to an
/// end.</summary>
public sealed class HoconFuzzTests
{
    private static readonly string[] Seeds =
    [
        "a { b = 1, c = [1, 2, \"x\"], d = ${a.b} ${?HOME} }\nb = ${a} { e = on }\nb += 1 # comment\n",
        "p = [a]\np = ${p} [b]\nq = ${?q}foo\nr { s = ${r.t}, t = 5 }\nr.s = null\n\"x.y\".z = \"\"\"raw \"text\" "
        + "\"\"\"\n",
        "a = ${b}, b = ${c} { x = ${a.y} }, c { y = 1, z = [${a.x}, ${?none}] }, a { k = ${c.z} [3] }\n",
        "{\"json\": {\"list\": [1, 2.5e-3, true, null, {\"k\": \"\\u00e9\\n\"}]}, \"b\": \"\"}",
        "a { x { y { z = 1 } } }, a = ${a.x} ${?a.x.y}, b = ${a}${a.x} [${b}], c = text ${a.x.y.z} and // more\n",
    ];

    private static readonly string[] Pieces =
    [
        "{", "}", "[", "]", "\"", "\"\"\"", "${", "${?", "}", "=", "+=", ":", ",", "\n", ".", "#", "//", "\\", "\\u12",
            " ",
        "a", "b", "a.x", "${a}", "${?b}", "${a.x}", "null", "1e+5", "-", "include ", "include \"a\"", "\ud800", "\0",
        "é", "a = ${a} ",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void MutatedText_IsReadOrRefused(ulong seed)
    {
        var random = new RandomStream(seed, RandomStream.StreamId("hocon-fuzz"));
        int read = 0;
        for (int i = 0; i < 5000; i++)
        {
            string text = Mutated(random);
            try
            {
                string rendered = Read(text).Render();
                Assert.Equal(rendered, Read(rendered).Render());
                read++;
            }
            catch (CaffeException e)
            {
                Assert.NotNull(e.Place);
                Assert.True(
                    e.Code is ErrorCodes.HoconSyntax or ErrorCodes.Unresolved or ErrorCodes.FileNotFound,
                    $"{e.ToDiagnostic()} for {HoconText.Quote(text)}");
            }
            catch (Exception e) when (e is not Xunit.Sdk.IAssertionException)
            {
                Assert.Fail($"{e} for {HoconText.Quote(text)}");
            }
        }

        Assert.InRange(read, 100, 4900);
    }

    private static string Mutated(RandomStream random)
    {
        var text = new StringBuilder(Seeds[Below(random, Seeds.Length)]);
        for (int changes = 1 + Below(random, 6); changes > 0; changes--)
        {
            int at = Below(random, text.Length + 1);
            int length = Math.Min(Below(random, 8), text.Length - at);
            switch (Below(random, 4))
            {
                case 0:
                    text.Remove(at, length);
                    break;
                case 1:
                    text.Insert(at, text.ToString(at, length));
                    break;
                case 2:
                    text.Length = Math.Max(at, 1);
                    break;
                default:
                    text.Insert(at, Pieces[Below(random, Pieces.Length)]);
                    break;
            }
        }

        return text.ToString();
    }

    private static int Below(RandomStream random, int count) => (int)random.NextBelow((uint)count);
}
