using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using CaffeActors.Actors.Cluster.Membership;

namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>Encrypts connections by TLS 1.2 or 1.3, a certificate on either side. Thread-safe.</summary>
/// <param name="certificates">Who this node is, and whom it trusts; they belong to who made them.</param>
internal sealed class LinkSecurity(NodeCertificates certificates)
{
    private const SslProtocols Versions = SslProtocols.Tls12 | SslProtocols.Tls13;

    private readonly SslStreamCertificateContext _own =
        SslStreamCertificateContext.Create(certificates.Own, additionalCertificates: null, offline: true);

    /// <summary>Encrypts a connection that this side has made.</summary>
    /// <param name="socket">The connection.</param>
    /// <param name="host">The host that was connected to.</param>
    /// <exception cref="AuthenticationException">The other is not trusted; the message says why.</exception>
    public SslStream AsClient(Socket socket, string host) => Secure(
        socket, outbound: true, (stream, validate) => stream.AuthenticateAsClient(new SslClientAuthenticationOptions
        {
            TargetHost = host,
            ClientCertificateContext = _own,
            EnabledSslProtocols = Versions,
            AllowRenegotiation = false,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = validate,
        }));

    /// <summary>Encrypts a connection that the other side has made.</summary>
    /// <param name="socket">The connection.</param>
    /// <exception cref="AuthenticationException">The other is not trusted; the message says why.</exception>
    public SslStream AsServer(Socket socket) => Secure(
        socket, outbound: false, (stream, validate) => stream.AuthenticateAsServer(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = _own,
            ClientCertificateRequired = true,
            EnabledSslProtocols = Versions,
            AllowRenegotiation = false,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = validate,
        }));

    private SslStream Secure(
        Socket socket, bool outbound, Action<SslStream, RemoteCertificateValidationCallback> authenticate)
    {
        var stream = new SslStream(new NetworkStream(socket));
        string? refusal = null;
        try
        {
            authenticate(stream, (_, shown, _, errors) =>
                (refusal = certificates.Refuses(shown as X509Certificate2, errors, outbound)) is null);
            return stream;
        }
        catch (AuthenticationException failure) when (refusal is not null)
        {
            stream.Dispose();
            throw new AuthenticationException(refusal, failure);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }
}
