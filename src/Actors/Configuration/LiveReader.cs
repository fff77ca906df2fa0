using System.Net;
using CaffeActors.Actors.Configuration.Hocon;

namespace CaffeActors.Actors.Configuration;

/// <summary>Reads <c>live</c>.</summary>
internal static class LiveReader
{
    /// <summary>Reads the section.</summary>
    /// <exception cref="Compute.Diagnostics.CaffeException">A value does not fit.</exception>
    public static LiveSettings Read(HoconSection live)
    {
        HoconSection dashboard = live.Section("dashboard"), otlp = live.Section("otlp");
        string address = dashboard.Text("address"), endpoint = otlp.Text("endpoint");
        if (!IPAddress.TryParse(address, out _))
            throw dashboard.Wrong("address", "an IP address, such as 127.0.0.1, 0.0.0.0 or ::");
        if (endpoint.Length > 0 && !IsUrl(endpoint))
            throw otlp.Wrong("endpoint", "a URL, such as http://localhost:4317");
        return new LiveSettings(
            new DashboardSettings
            {
                Enabled = dashboard.Flag("enabled"),
                Port = dashboard.Has("port") ? dashboard.Int("port", 0, ushort.MaxValue) : null,
                Address = address,
                TokenFile = dashboard.Text("token-file"),
            },
            new OtlpSettings
            {
                Enabled = otlp.Flag("enabled"),
                Endpoint = endpoint,
                Protocol = otlp.Has("protocol") ? otlp.Choice<OtlpTransport>("protocol") : null,
                Interval = otlp.Duration("interval", TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
            });
    }

    private static bool IsUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https";
}
