using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using CaffeActors.Actors.Configuration;
using CaffeActors.Live.Export;

namespace CaffeActors.Live.Tests.Export;

/// <summary>The meter's figures as others read them.</summary>
public sealed partial class ExportTests : IDisposable
{
    private readonly LiveFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Prometheus_ReadsTheRunsFigures()
    {
        await using LiveView view = (await _fixture.ViewAsync())!;
        await _fixture.RunAsync(_fixture.Plan(60), view);
        string text = await _fixture.Client.GetStringAsync(
            new Uri(view.Address!, "metrics"), TestContext.Current.CancellationToken);
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.Matches(Line(), line));
        Dictionary<string, double> values = lines.Where(line => line[0] != '#').Select(line => line.Split(' '))
            .ToDictionary(parts => parts[0], parts => double.Parse(parts[1], CultureInfo.InvariantCulture));
        Assert.Equal(60 * LiveFixture.Batch, values["caffeactors_samples_total"]);
        Assert.Equal(60, values["caffeactors_iteration"]);
        Assert.Equal(60, values["caffeactors_step_duration_seconds_count"]);
        Assert.Equal(60, values["caffeactors_step_duration_seconds_bucket{le=\"+Inf\"}"]);
        Assert.Equal(2, values["caffeactors_snapshot_duration_seconds_count"]);
        double[] buckets = [.. lines.Where(line =>
            line.StartsWith("caffeactors_step_duration_seconds_bucket", StringComparison.Ordinal))
            .Select(line => values[line.Split(' ')[0]])];
        Assert.Equal(buckets.Order(), buckets);
        var rows = _fixture.Rows();
        Assert.Equal(rows.Last(row => row.Name == "accuracy").Value,
            values["caffeactors_test_output{net=\"test0\",output=\"accuracy\"}"]);
        Assert.Equal(rows.Last(row => row.Name == "forward_ms/conv").Value / 1000,
            values["caffeactors_layer_forward_seconds{layer=\"conv\"}"], 1e-12);
        string info = Assert.Single(
            lines, line => line.StartsWith("caffeactors_run_info{", StringComparison.Ordinal));
        Assert.Contains("run_name=\"solver\"", info, StringComparison.Ordinal);
        Assert.Contains("net=\"small\"", info, StringComparison.Ordinal);
        // Each name's type is told once, before its values.
        string[] types = [.. lines.Where(line => line.StartsWith("# TYPE", StringComparison.Ordinal))];
        Assert.Equal(types.Distinct(), types);
    }

    [Theory]
    [InlineData("caffeactors.step.duration", "s", false, "caffeactors_step_duration_seconds")]
    [InlineData("caffeactors.samples", "{sample}", true, "caffeactors_samples_total")]
    [InlineData("caffeactors.memory.resident", "By", false, "caffeactors_memory_resident_bytes")]
    public void Names_AreThoseOfPrometheus(string name, string unit, bool counts, string expected) =>
        Assert.Equal(expected, PrometheusFigures.NameOf(name, unit, counts));

    [Theory]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(0.25, "0.25")]
    public void Numbers_AreThoseOfPrometheus(double value, string expected) =>
        Assert.Equal(expected, PrometheusFigures.NumberOf(value));

    [Theory]
    [InlineData(false, null, null, false)]
    [InlineData(true, null, null, true)]
    [InlineData(false, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317", true)]
    [InlineData(false, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://c:4317", true)]
    [InlineData(false, "OTEL_EXPORTER_OTLP_ENDPOINT", "", false)]
    [InlineData(true, "OTEL_SDK_DISABLED", "true", false)]
    [InlineData(true, "OTEL_METRICS_EXPORTER", "none", false)]
    public void Export_IsAskedForByConfigurationOrVariable(bool enabled, string? name, string? value, bool wanted) =>
        Assert.Equal(wanted, OtlpExport.IsWanted(
            new OtlpSettings { Enabled = enabled }, variable => variable == name ? value : null));

    [Theory]
    [InlineData("http://c:4318", true, "http://c:4318/v1/metrics")]
    [InlineData("http://c:4318/own", true, "http://c:4318/own")]
    [InlineData("http://c:4317", false, "http://c:4317/")]
    public void Endpoint_HasTheStandardPath(string endpoint, bool http, string expected) =>
        Assert.Equal(expected, OtlpExport.EndpointOf(endpoint, http).ToString());

    [Fact]
    public async Task Collector_GetsTheRunsFigures()
    {
        using var collector = new TcpListener(IPAddress.Loopback, 0);
        collector.Start();
        Task<string> received = ReceiveAsync(collector);
        var otlp = new OtlpSettings
        {
            Enabled = true,
            Protocol = OtlpTransport.Http,
            Endpoint = $"http://{collector.LocalEndpoint}",
            Interval = TimeSpan.FromHours(1),
        };
        await using (LiveView view = (await _fixture.ViewAsync(new DashboardSettings(), otlp))!)
        {
            Assert.Null(view.Address);
            await _fixture.RunAsync(_fixture.Plan(60), view);
        }

        string request = await received.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.StartsWith("POST /v1/metrics HTTP/1.1", request, StringComparison.Ordinal);
        foreach (string said in (string[])["CaffeActors.Training", "caffeactors.loss", "run.id", "conv"])
            Assert.Contains(said, request, StringComparison.Ordinal);
    }

    // One request, answered: its head and its body, a byte a character.
    private static async Task<string> ReceiveAsync(TcpListener collector)
    {
        using TcpClient client = await collector.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        NetworkStream stream = client.GetStream();
        var text = new StringBuilder();
        byte[] buffer = new byte[64 << 10];
        while (!IsComplete(text.ToString()))
        {
            int read = await stream.ReadAsync(buffer, TestContext.Current.CancellationToken);
            text.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }

        await stream.WriteAsync(
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        return text.ToString();
    }

    private static bool IsComplete(string request)
    {
        int head = request.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return head > 0 && request.Length - head - 4
            >= int.Parse(Length().Match(request).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"Content-Length: (\d+)", RegexOptions.IgnoreCase)]
    private static partial Regex Length();

    [GeneratedRegex("""
        ^(# (HELP \w+ .+|TYPE \w+ (counter|gauge|histogram))|[a-z_]+(\{(\w+="([^"\\]|\\.)*",?)+\})? [-+\w.]+)$
        """)]
    private static partial Regex Line();
}
