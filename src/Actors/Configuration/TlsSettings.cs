namespace CaffeActors.Actors.Configuration;

/// <summary>Keys <c>cluster.tls</c>: mutual TLS for all that nodes say to each other.</summary>
public sealed record TlsSettings
{
    /// <summary>The variable that holds the password of the key or certificate file.</summary>
    public const string PasswordVariable = "CAFFEACTORS_TLS_PASSWORD";

    /// <summary>Whether it is on. Default false.</summary>
    public bool Enabled { get; init; }

    /// <summary>The node's certificate, PEM or PKCS #12 (<c>.pfx</c>, <c>.p12</c>).</summary>
    public string Certificate { get; init; } = "";

    /// <summary>Its private key, PEM; empty where it is in <see cref="Certificate"/>.</summary>
    public string Key { get; init; } = "";

    /// <summary>Files of the authorities that sign the nodes' certificates, PEM: the only ones trusted.</summary>
    public IReadOnlyList<string> Authorities { get; init; } = [];

    /// <summary>Whether the certificate of a node that is connected to must name its address. Default false.</summary>
    public bool CheckNames { get; init; }
}
