using System.Reflection;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Metrics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace CaffeActors.Live.Export;

/// <summary>Sends the figures of <see cref="TrainingMeter"/> to a collector, by OpenTelemetry's own exporter: on a
/// thread of its own, and what cannot be sent is lost.</summary>
internal static class OtlpExport
{
    private const string MetricsPath = "/v1/metrics";

    /// <summary>Whether the configuration or a standard variable asks for it.</summary>
    /// <param name="settings">The configuration.</param>
    /// <param name="environment">Environment variables.</param>
    public static bool IsWanted(OtlpSettings settings, Func<string, string?> environment)
    {
        if (string.Equals(environment("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase)
            || environment("OTEL_METRICS_EXPORTER") is "none")
        {
            return false;
        }

        return settings.Enabled || environment("OTEL_EXPORTER_OTLP_ENDPOINT") is { Length: > 0 }
            || environment("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") is { Length: > 0 };
    }

    /// <summary>Begins to export; disposing of it sends the last figures.</summary>
    /// <param name="settings">The configuration; what it leaves open the standard variables say.</param>
    public static MeterProvider Start(OtlpSettings settings) =>
        Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(ResourceBuilder.CreateDefault()
                .AddService("caffeactors", serviceVersion: Version())
                // What its user says of the service counts more.
                .AddEnvironmentVariableDetector())
            .AddMeter(TrainingMeter.Name)
            .AddOtlpExporter((exporter, reader) =>
            {
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds =
                    (int)settings.Interval.TotalMilliseconds;
                // At the run's end a collector that is gone is not waited for long.
                exporter.TimeoutMilliseconds = 3000;
                if (settings.Protocol is { } protocol)
                {
                    exporter.Protocol = protocol == OtlpTransport.Http
                        ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
                }

                if (settings.Endpoint.Length > 0)
                {
                    exporter.Endpoint = EndpointOf(
                        settings.Endpoint, http: exporter.Protocol == OtlpExportProtocol.HttpProtobuf);
                }
            })
            .Build();

    /// <summary>The URL that is sent to: over HTTP one without a path gets the standard one.</summary>
    internal static Uri EndpointOf(string endpoint, bool http)
    {
        var url = new Uri(endpoint);
        return http && url.AbsolutePath == "/" ? new Uri(url, MetricsPath) : url;
    }

    private static string? Version() => Assembly.GetExecutingAssembly().GetName().Version?.ToString(3);
}
