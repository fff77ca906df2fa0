namespace CaffeActors.Actors.Configuration;

/// <summary>Keys <c>live.otlp</c>: export of a run's figures by the protocol of OpenTelemetry.</summary>
public sealed record OtlpSettings
{
    /// <summary>Whether to export. Default false; the standard variables of OpenTelemetry can switch it on
    /// too.</summary>
    public bool Enabled { get; init; }

    /// <summary>Where to; empty, the default, for what the standard variables say.</summary>
    public string Endpoint { get; init; } = "";

    /// <summary>How; null, the default, for what the standard variables say, else grpc.</summary>
    public OtlpTransport? Protocol { get; init; }

    /// <summary>How often. Default 10 s.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);
}
