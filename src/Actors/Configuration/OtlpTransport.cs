namespace CaffeActors.Actors.Configuration;

/// <summary>What carries OpenTelemetry's figures.</summary>
public enum OtlpTransport
{
    /// <summary>gRPC.</summary>
    Grpc,

    /// <summary>Protobuf over HTTP.</summary>
    Http,
}
