using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>
/// Who a node is to the others and whom it trusts: TLS 1.2 or 1.3 with a certificate on either side, each issued by an
/// authority of the node's own list; the system's are not asked. Thread-safe.
/// </summary>
internal sealed class NodeIdentity : IDisposable
{
    private const SslProtocols Versions = SslProtocols.Tls12 | SslProtocols.Tls13;

    private readonly X509Certificate2Collection _authorities;
    private readonly SslStreamCertificateContext _shown;

    private NodeIdentity(
        X509Certificate2 certificate, X509Certificate2Collection between, X509Certificate2Collection authorities,
        bool checksNames)
    {
        (Certificate, _authorities, ChecksNames) = (certificate, authorities, checksNames);
        _shown = SslStreamCertificateContext.Create(certificate, between, offline: true);
    }

    /// <summary>The node's certificate, with its private key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Whether a node's certificate must be for the host that is connected to.</summary>
    public bool ChecksNames { get; }

    /// <summary>Reads certificates and key.</summary>
    /// <exception cref="CaffeException">A file is not there (CFA1005), or holds no certificate or key that can be used
    /// (CFA1003).</exception>
    public static NodeIdentity Load(NodeIdentityFiles files)
    {
        X509Certificate2Collection authorities = [];
        foreach (string path in files.Authorities)
            Read(path, "certificates of authorities (PEM)", () => authorities.ImportFromPemFile(path));
        if (authorities.Count == 0)
            throw Bad("no authority is trusted: name a PEM file with at least one certificate (cluster.tls.ca)");
        X509Certificate2Collection between = [];
        X509Certificate2 certificate = Read(
            files.Certificate, "a certificate with its private key (PEM or PFX)", () => ReadOwn(files, between));
        return certificate.HasPrivateKey
            ? new NodeIdentity(certificate, between, authorities, files.ChecksNames)
            : throw Bad($"{files.Certificate} has no private key; name its file (cluster.tls.key)");
    }

    /// <summary>Whether a certificate that the other side shows is one of a trusted authority, in time, and for the
    /// host that was connected to where that is checked.</summary>
    /// <param name="certificate">The certificate, or null where none was shown.</param>
    /// <param name="chain">What else the other has shown.</param>
    /// <param name="errors">What the system found; of that only the name counts.</param>
    /// <param name="reason">Why not.</param>
    public bool Trusts(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, out string reason)
    {
        reason = "";
        if (certificate is null)
        {
            reason = "it shows no certificate";
            return false;
        }

        using var shown = new X509Certificate2(certificate);
        if (ChecksNames && errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            reason = $"the certificate {shown.Subject} is not for the host that was connected to";
            return false;
        }

        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.DisableCertificateDownloads = true;
        if (chain is not null)
            own.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        if (own.Build(shown))
            return true;
        IEnumerable<string> faults = own.ChainStatus.Select(status => status.StatusInformation.TrimEnd('.', '\n', ' '));
        reason = $"the certificate {shown.Subject} is not trusted: {string.Join("; ", faults)}";
        return false;
    }

    /// <summary>Encrypts a connection that this side has made.</summary>
    /// <param name="socket">The connection.</param>
    /// <param name="host">The host that was connected to.</param>
    /// <exception cref="AuthenticationException">The other is not trusted; the message says why.</exception>
    public SslStream AsClient(Socket socket, string host) => Secure(
        socket, (stream, validate) => stream.AuthenticateAsClient(new SslClientAuthenticationOptions
        {
            TargetHost = host,
            ClientCertificateContext = _shown,
            EnabledSslProtocols = Versions,
            AllowRenegotiation = false,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = validate,
        }));

    /// <summary>Encrypts a connection that the other side has made.</summary>
    /// <param name="socket">The connection.</param>
    /// <exception cref="AuthenticationException">The other is not trusted; the message says why.</exception>
    public SslStream AsServer(Socket socket) => Secure(
        socket, (stream, validate) => stream.AuthenticateAsServer(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = _shown,
            ClientCertificateRequired = true,
            EnabledSslProtocols = Versions,
            AllowRenegotiation = false,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = validate,
        }));

    /// <inheritdoc/>
    public void Dispose()
    {
        Certificate.Dispose();
        foreach (X509Certificate2 authority in _authorities)
            authority.Dispose();
    }

    private SslStream Secure(Socket socket, Action<SslStream, RemoteCertificateValidationCallback> authenticate)
    {
        var stream = new SslStream(new NetworkStream(socket));
        string reason = "";
        try
        {
            authenticate(stream, (_, certificate, chain, errors) => Trusts(certificate, chain, errors, out reason));
            return stream;
        }
        catch (AuthenticationException failure) when (reason.Length > 0)
        {
            stream.Dispose();
            throw new AuthenticationException(reason, failure);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static X509Certificate2 ReadOwn(NodeIdentityFiles files, X509Certificate2Collection between)
    {
        string? password = files.Password.Length > 0 ? files.Password : null;
        if (X509Certificate2.GetCertContentType(files.Certificate) == X509ContentType.Pfx)
        {
            between.AddRange(X509CertificateLoader.LoadPkcs12CollectionFromFile(files.Certificate, password));
            X509Certificate2 own = between.FirstOrDefault(certificate => certificate.HasPrivateKey)
                ?? throw new CryptographicException("none of its certificates has a private key");
            between.Remove(own);
            return own;
        }

        between.ImportFromPemFile(files.Certificate);
        if (between.Count > 0)
            between.RemoveAt(0);
        string key = files.Key.Length > 0 ? files.Key : files.Certificate;
        using X509Certificate2 pem = password is null
            ? X509Certificate2.CreateFromPemFile(files.Certificate, key)
            : X509Certificate2.CreateFromEncryptedPemFile(files.Certificate, password, key);
        // Windows cannot use a key that was never in a key store; elsewhere this changes nothing.
        return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pfx), password: null);
    }

    private static void Read(string path, string what, Action read) => Read(path, what, () =>
    {
        read();
        return true;
    });

    private static T Read<T>(string path, string what, Func<T> read)
    {
        if (!File.Exists(path))
        {
            throw new CaffeException(
                ErrorCodes.FileNotFound, FailureKind.Configuration,
                $"'{path}' is not there; it should hold {what} (cluster.tls)");
        }

        try
        {
            return read();
        }
        catch (Exception failure) when (failure is CryptographicException or IOException
            or UnauthorizedAccessException or ArgumentException)
        {
            throw Bad($"'{path}' does not hold {what}: {failure.Message.TrimEnd('.')}", failure);
        }
    }

    private static CaffeException Bad(string message, Exception? inner = null) =>
        new(ErrorCodes.BadSetting, FailureKind.Configuration, message, inner: inner);
}
