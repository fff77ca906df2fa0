using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Compute.Diagnostics;
using static CaffeActors.Actors.Tests.Configuration.Hocon.HoconTesting;

namespace CaffeActors.Actors.Tests.Configuration.Hocon;

public sealed class HoconSectionTests
{
    private static HoconSection Of(string value) =>
        new HoconSection(Read($"s {{\n  key = {value}\n}}", name => name == "VAR" ? "ten" : null)).Section("s");

    [Theory]
    [InlineData("5", 5)]
    [InlineData("\"5\"", 5)]
    [InlineData("-3", -3)]
    [InlineData("1e3", 1000)]
    [InlineData("2.0", 2)]
    public void Integer_ReadsWholeNumbers(string value, int expected) =>
        Assert.Equal(expected, Of(value).Int("key", -10, 1000));

    [Theory]
    [InlineData("0.5", 0.5)]
    [InlineData("1e-3", 0.001)]
    [InlineData("\"2\"", 2)]
    public void Number_ReadsNumbers(string value, double expected) =>
        Assert.Equal(expected, Of(value).Number("key", 0, 10));

    [Theory]
    [InlineData("true", true)]
    [InlineData("on", true)]
    [InlineData("yes", true)]
    [InlineData("\"false\"", false)]
    [InlineData("off", false)]
    [InlineData("no", false)]
    public void Flag_ReadsSixWords(string value, bool expected) => Assert.Equal(expected, Of(value).Flag("key"));

    [Theory]
    [InlineData("10", 10)]
    [InlineData("10ms", 10)]
    [InlineData("10 millis", 10)]
    [InlineData("5s", 5_000)]
    [InlineData("1.5 s", 1_500)]
    [InlineData("55m", 3_300_000)]
    [InlineData("2 hours", 7_200_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("500us", 0.5)]
    [InlineData("200 nanos", 0.0002)]
    public void Duration_ReadsUnits(string value, double milliseconds) =>
        Assert.Equal(milliseconds, Of(value).Duration("key", TimeSpan.Zero, TimeSpan.FromDays(2)).TotalMilliseconds);

    [Theory]
    [InlineData("4096", 4096)]
    [InlineData("64KiB", 65536)]
    [InlineData("64 k", 65536)]
    [InlineData("10MB", 10_000_000)]
    [InlineData("1g", 1 << 30)]
    [InlineData("0.5Ki", 512)]
    [InlineData("3 bytes", 3)]
    [InlineData("7 exbibytes", 7L << 60)]
    public void Size_ReadsUnits(string value, long expected) =>
        Assert.Equal(expected, Of(value).Size("key", 0, long.MaxValue));

    [Fact]
    public void Lists_ReadTheirElements()
    {
        Assert.Equal(["a", "1"], Of("[a, 1]").Scalars("key").Select(item => item.Text));
        Assert.Equal(["a"], Of("a").Scalars("key").Select(item => item.Text));
        HoconSection second = Of("[{ x = 1 }, { x = 2 }]").Sections("key")[1];
        Assert.Equal(("s.key[1]", 2), (second.Path, second.Int("x", 0, 5)));
        Assert.Equal("12:30", Of("\"12:30\"").Text("key"));
        Assert.Equal(DayOfWeek.Friday, Of("friday").Choice<DayOfWeek>("key"));
    }

    [Theory]
    [InlineData("Int", "ten", "s.key is \"ten\"; it must be a whole number from 1 to 9")]
    [InlineData("Int", "10", "s.key is 10; it must be a whole number from 1 to 9")]
    [InlineData("Int", "1.5", "a whole number")]
    [InlineData("Int", "[1]", "s.key is a list")]
    [InlineData("Int", "{ x = 1 }", "s.key is an object")]
    [InlineData("Int", "null", "s.key is not set; it must be")]
    [InlineData("Int", "${VAR}", "environment variable VAR")]
    [InlineData("Int", "1e400", "a whole number")]
    [InlineData("Number", "11", "a number from 0 to 10")]
    [InlineData("Number", "1e400", "a number")]
    [InlineData("Number", "NaN", "a number")]
    [InlineData("Flag", "maybe", "on or off")]
    [InlineData("Flag", "1", "on or off")]
    [InlineData("Duration", "5 parsecs", "a duration such as")]
    [InlineData("Duration", "5S", "a duration such as")]
    [InlineData("Duration", "s", "a duration such as")]
    [InlineData("Duration", "3d", "from 1s to 2d")]
    [InlineData("Duration", "1e300 d", "a duration such as")]
    [InlineData("Size", "64 Kb", "a size such as")]
    [InlineData("Size", "0.5 B", "a size such as")]
    [InlineData("Size", "9 exbibytes", "a size such as")]
    [InlineData("Choice", "someday", "one of sunday, monday")]
    [InlineData("Scalars", "{ x = 1 }", "a list of text")]
    [InlineData("Scalars", "[[1]]", "s.key is a list; it must be a list of text")]
    [InlineData("Sections", "[1]", "a list of objects")]
    [InlineData("Section", "1", "key { ... }")]
    public void WrongValue_IsToldWithKeyValueAndPlace(string kind, string value, string message)
    {
        HoconSection section = Of(value);
        var e = Assert.Throws<CaffeException>(() => Ask(section, kind));
        Assert.Equal((ErrorCodes.BadSetting, FailureKind.Configuration), (e.Code, e.Kind));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Equal(("test.hocon", 2), (e.Place?.Path, e.Place?.Line));
    }

    [Fact]
    public void MissingKey_IsToldAtItsSection()
    {
        var e = Assert.Throws<CaffeException>(() => Of("1").Int("other", 0, 1));
        Assert.Contains("s.other is not set", e.Message, StringComparison.Ordinal);
        Assert.Equal(new SourcePlace("test.hocon", 1, 3), e.Place);
        Assert.False(Of("1").Has("other"));
        Assert.False(Of("null").Has("key"));
        Assert.True(Of("1").Has("key"));
    }

    private static object Ask(HoconSection section, string kind) => kind switch
    {
        "Int" => section.Int("key", 1, 9),
        "Number" => section.Number("key", 0, 10),
        "Flag" => section.Flag("key"),
        "Duration" => section.Duration("key", TimeSpan.FromSeconds(1), TimeSpan.FromDays(2)),
        "Size" => section.Size("key", 0, long.MaxValue),
        "Choice" => section.Choice<DayOfWeek>("key"),
        "Scalars" => section.Scalars("key"),
        "Sections" => section.Sections("key"),
        _ => section.Section("key"),
    };
}
