using System.Text;
using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Tests.Configuration.Hocon;

/// <summary>What the HOCON tests share.</summary>
internal static class HoconTesting
{
    public static readonly Func<string, string?> NoEnvironment = static _ => null;

    public static HoconObject Read(string text, Func<string, string?>? environment = null) =>
        HoconDocument.ParseText(text, "test.hocon").Resolve(environment ?? NoEnvironment);

    /// <summary>A value as compact JSON, numbers as written: what the tests compare.</summary>
    public static string Json(HoconValue value) => value switch
    {
        HoconObject inner => "{"
            + string.Join(",", inner.Keys.Select(key => $"{HoconText.Quote(key)}:{Json(inner[key])}")) + "}",
        HoconArray array => "[" + string.Join(",", array.Items.Select(Json)) + "]",
        _ => value.Described,
    };

    public static CaffeException Refused(string text, string code, Func<string, string?>? environment = null)
    {
        var e = Assert.Throws<CaffeException>(() => Read(text, environment));
        Assert.Equal(code, e.Code);
        Assert.Equal(FailureKind.Configuration, e.Kind);
        return e;
    }

    public static string Repeat(string text, int times) => new StringBuilder().Insert(0, text, times).ToString();
}
