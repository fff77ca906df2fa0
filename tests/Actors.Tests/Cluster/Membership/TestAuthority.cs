using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CaffeActors.Actors.Configuration;

namespace CaffeActors.Actors.Tests.Cluster.Membership;

/// <summary>An authority of tests, with the files that nodes have of it.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly DateTimeOffset
        _from = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), _to = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly string _folder;
    private readonly string _name;
    private readonly X509Certificate2 _certificate;

    public TestAuthority(string folder, string name)
    {
        (_folder, _name) = (folder, name);
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _certificate = request.CreateSelfSigned(_from, _to);
        File.WriteAllText(FileOf("authority"), _certificate.ExportCertificatePem());
    }

    /// <summary>A node's settings, its certificate made and written down.</summary>
    /// <param name="node">Its name.</param>
    /// <param name="address">The IP address that its certificate names.</param>
    /// <param name="password">That of its key.</param>
    /// <param name="pkcs12">Whether certificate and key are one PKCS #12 file.</param>
    public TlsSettings Sign(string node, string address, string? password = null, bool pkcs12 = false)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={node}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 signed = request.Create(_certificate, _from, _to, [1, 2, 3, (byte)node.Length]);
        using X509Certificate2 whole = signed.CopyWithPrivateKey(key);
        var settings = new TlsSettings { Enabled = true, Authorities = [FileOf("authority")] };
        if (pkcs12)
        {
            string pfx = Path.ChangeExtension(FileOf(node), ".pfx");
            File.WriteAllBytes(pfx, whole.Export(X509ContentType.Pkcs12, password));
            return settings with { Certificate = pfx };
        }

        File.WriteAllText(FileOf(node), signed.ExportCertificatePem());
        File.WriteAllText(FileOf(node + "-key"), password is null ? key.ExportPkcs8PrivateKeyPem()
            : key.ExportEncryptedPkcs8PrivateKeyPem(password,
                new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
        return settings with { Certificate = FileOf(node), Key = FileOf(node + "-key") };
    }

    public void Dispose() => _certificate.Dispose();

    private string FileOf(string what) => Path.Combine(_folder, $"{_name}-{what}.pem");
}
