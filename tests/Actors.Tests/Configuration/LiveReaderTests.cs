using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Tests.Configuration;

public sealed class LiveReaderTests
{
    private static LiveSettings Read(string text) =>
        SettingsReader.Read(HoconDocument.ParseText(text, "run.hocon"), [], static _ => null).Live;

    [Fact]
    public void Default_IsNobody() => Assert.Equal(new LiveSettings(), Read(""));

    [Fact]
    public void Keys_AreRead()
    {
        LiveSettings live = Read("""
            live.dashboard { enabled = on, port = 0, address = "::", token-file = "secret" }
            live.otlp { enabled = on, endpoint = "http://collector:4318", protocol = http, interval = 5s }
            """);
        Assert.Equal(
            new DashboardSettings { Enabled = true, Port = 0, Address = "::", TokenFile = "secret" }, live.Dashboard);
        Assert.Equal(
            new OtlpSettings
            {
                Enabled = true,
                Endpoint = "http://collector:4318",
                Protocol = OtlpTransport.Http,
                Interval = TimeSpan.FromSeconds(5),
            },
            live.Otlp);
    }

    [Theory]
    [InlineData("live.dashboard.port = 65536", "live.dashboard.port")]
    [InlineData("live.dashboard.address = everywhere", "live.dashboard.address")]
    [InlineData("live.otlp.endpoint = \"collector:4317\"", "live.otlp.endpoint")]
    [InlineData("live.otlp.protocol = thrift", "live.otlp.protocol")]
    [InlineData("live.otlp.interval = 10ms", "live.otlp.interval")]
    public void ValueThatDoesNotFit_IsRefusedWithItsPlace(string text, string key)
    {
        CaffeException failure = Assert.Throws<CaffeException>(() => Read(text));
        Assert.Equal(ErrorCodes.BadSetting, failure.Code);
        Assert.Contains(key, failure.Message, StringComparison.Ordinal);
        Assert.Equal("run.hocon", failure.Place?.Path);
    }

    [Fact]
    public void Token_HasNoKey() =>
        // It would stand in the run's folder, among the resolved keys.
        Assert.Equal(ErrorCodes.UnknownKey,
            Assert.Throws<CaffeException>(() => Read("live.dashboard.token = abc")).Code);
}
