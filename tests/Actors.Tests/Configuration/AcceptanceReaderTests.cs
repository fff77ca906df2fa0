using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Tests.Configuration;

/// <summary>Thresholds are written as people write them, and stay HOCON.</summary>
public sealed class AcceptanceReaderTests
{
    private static CaffeActorsSettings Settings(string text, params string[] sets) =>
        SettingsReader.Read(HoconDocument.ParseText(text, "run.hocon"), sets, static _ => null);

    private static string[] Read(string text, params string[] sets) =>
        [.. Settings(text, sets).Acceptance.Select(threshold => threshold.ToString())];

    [Theory]
    [InlineData("acceptance { accuracy >= 0.88 }", "test0/accuracy >= 0.88")]
    [InlineData("acceptance { accuracy>=0.88 }", "test0/accuracy >= 0.88")]
    [InlineData("acceptance.accuracy >= 0.88", "test0/accuracy >= 0.88")]
    [InlineData("acceptance { test1/loss <= 4e-1 }", "test1/loss <= 0.4")]
    [InlineData("acceptance { loss3/top-1 >= 0.7 }", "test0/loss3/top-1 >= 0.7")]
    [InlineData("acceptance { \"acc.top\" >= -1 }", "test0/acc.top >= -1")]
    [InlineData("acceptance { tests/a >= 1 }", "test0/tests/a >= 1")]
    [InlineData("acceptance { accuracy >= 0.8, accuracy <= 0.9\n loss <= 1 }",
        "test0/accuracy >= 0.8", "test0/accuracy <= 0.9", "test0/loss <= 1")]
    public void Thresholds_AreRead(string text, params string[] expected) => Assert.Equal(expected, Read(text));

    [Fact]
    public void LaterOnes_ReplaceAndNullTakesAway()
    {
        Assert.Equal(["test0/accuracy >= 0.9"], Read("acceptance { accuracy >= 0.8 }\nacceptance.accuracy >= 0.9"));
        Assert.Equal(["test0/accuracy >= 0.95"],
            Read("acceptance { accuracy >= 0.8 }", "acceptance.accuracy >= 0.95"));
        Assert.Empty(Read("acceptance { accuracy >= 0.8 }\nacceptance { accuracy >= null }"));
        Assert.Empty(Read("acceptance { accuracy >= ${?UNSET} }"));
        Assert.Empty(Read(""));
    }

    [Fact]
    public void ResolvedConfiguration_ReadsBackEqual()
    {
        string[] once = Read("acceptance { accuracy >= 0.88, test1/loss <= 0.5 }");
        Assert.Equal(once, Read(Settings("acceptance { accuracy >= 0.88, test1/loss <= 0.5 }").Resolved.Render()));
    }

    [Theory]
    [InlineData("acceptance {\n accuracy = 0.88 }", ErrorCodes.UnknownKey, "is no threshold")]
    [InlineData("acceptance {\n >= 0.88 }", ErrorCodes.UnknownKey, "is no threshold")]
    [InlineData("acceptance {\n loss3.a >= 0.88 }", ErrorCodes.UnknownKey, "in quotes")]
    [InlineData("acceptance {\n accuracy >= high }", ErrorCodes.BadSetting, "\"high\"")]
    [InlineData("acceptance {\n accuracy >= [1] }", ErrorCodes.BadSetting, "must be a number")]
    public void WhatIsNone_IsRefusedWithItsPlace(string text, string code, string says)
    {
        CaffeException failure = Assert.Throws<CaffeException>(() => Read(text));
        Assert.Equal((code, 2), (failure.Code, failure.Place?.Line));
        Assert.Contains(says, failure.Message, StringComparison.Ordinal);
    }
}
