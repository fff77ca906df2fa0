using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CaffeActors.Actors.Configuration;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Cluster.Membership;

/// <summary>A node's certificate, and whose certificates it trusts: those that its own authorities signed, and no
/// other. Thread-safe.</summary>
internal sealed class NodeCertificates : IDisposable
{
    private readonly X509Certificate2Collection _authorities = [];

    private NodeCertificates(X509Certificate2 own, bool checkNames) => (Own, ChecksNames) = (own, checkNames);

    /// <summary>This node's certificate, with its key.</summary>
    public X509Certificate2 Own { get; }

    /// <summary>Whether the certificate of a node that is connected to must name its address.</summary>
    public bool ChecksNames { get; }

    /// <summary>Reads the files.</summary>
    /// <param name="settings">Their names.</param>
    /// <param name="password">That of the certificate or key file; null for none.</param>
    /// <exception cref="CaffeException">CFA1003: a file cannot be read, or has no key.</exception>
    public static NodeCertificates Open(TlsSettings settings, string? password)
    {
        X509Certificate2 own = Read(
            settings.Certificate, "the certificate", path => OwnOf(path, settings.Key, password));
        var certificates = new NodeCertificates(own, settings.CheckNames);
        if (!own.HasPrivateKey)
        {
            certificates.Dispose();
            throw Wrong(
                "the certificate", settings.Certificate, "it has no private key; cluster.tls.key names its file");
        }

        foreach (string path in settings.Authorities)
        {
            Read(path, "the authority", file =>
            {
                certificates._authorities.ImportFromPemFile(file);
                return certificates;
            });
        }

        return certificates;
    }

    /// <summary>Whether a peer is one of ours.</summary>
    /// <param name="certificate">What it shows.</param>
    /// <param name="errors">What the connection found.</param>
    /// <param name="outbound">Whether it is a node that was connected to, whose address may have to be named.</param>
    /// <returns>Null if it is, else why not.</returns>
    public string? Refuses(X509Certificate2? certificate, SslPolicyErrors errors, bool outbound)
    {
        if (certificate is null)
            return "it shows no certificate";
        if (ChecksNames && outbound && errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            return $"its certificate ({certificate.Subject}) does not name its address";
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(certificate) ? null
            : $"its certificate ({certificate.Subject}) is not trusted: "
                + string.Join("; ", chain.ChainStatus.Select(status => status.StatusInformation.Trim().TrimEnd('.')));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Own.Dispose();
        foreach (X509Certificate2 authority in _authorities)
            authority.Dispose();
    }

    private static X509Certificate2 OwnOf(string path, string key, string? password)
    {
        if (Path.GetExtension(path).ToLowerInvariant() is ".pfx" or ".p12")
            return X509CertificateLoader.LoadPkcs12FromFile(path, password);
        string keyPath = key.Length > 0 ? key : path;
        using X509Certificate2 pem = password is null ? X509Certificate2.CreateFromPemFile(path, keyPath)
            : X509Certificate2.CreateFromEncryptedPemFile(path, password, keyPath);
        // Windows' TLS takes no key that lives in memory alone.
        return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), password: null);
    }

    private static T Read<T>(string path, string what, Func<string, T> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw Wrong(what, path, fault.Message.TrimEnd('.'), fault);
        }
    }

    private static CaffeException Wrong(string what, string path, string why, Exception? fault = null) => new(
        ErrorCodes.BadSetting, FailureKind.Configuration, $"{what} {path} cannot be used: {why}", inner: fault);
}
