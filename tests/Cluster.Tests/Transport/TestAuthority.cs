using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CaffeActors.Actors.Cluster.Transport;
using CaffeActors.Testing;

namespace CaffeActors.Cluster.Tests.Transport;

/// <summary>An authority made for a test, whose certificates lie in files.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly DateTimeOffset _from = TimeProvider.System.GetUtcNow().AddDays(-2);

    private readonly TemporaryFolder _folder = new();
    private readonly X509Certificate2 _root;

    public TestAuthority(string name = "authority")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _root = request.CreateSelfSigned(_from, _from.AddDays(10));
        Path = Write($"{name}.pem", _root.ExportCertificatePem());
    }

    /// <summary>The file of its certificate.</summary>
    public string Path { get; }

    /// <summary>Issues a certificate and loads it, trusting this authority.</summary>
    /// <param name="host">For which host; an address too.</param>
    /// <param name="days">From two days ago, how long it is valid.</param>
    /// <param name="form">How it lies in files: pem, pem-and-key, encrypted or pfx.</param>
    /// <param name="checksNames">Whether names are checked.</param>
    public NodeIdentity Issue(string host = "127.0.0.1", int days = 5, string form = "pem", bool checksNames = true) =>
        NodeIdentity.Load(Files(host, days, form, checksNames));

    public NodeIdentityFiles Files(
        string host = "127.0.0.1", int days = 5, string form = "pem", bool checksNames = true)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=a node", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(host, out IPAddress? address))
            names.AddIpAddress(address);
        else
            names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        byte[] serial = RandomNumberGenerator.GetBytes(8);
        using X509Certificate2 issued = request.Create(_root, _from, _from.AddDays(days), serial);
        using X509Certificate2 own = issued.CopyWithPrivateKey(key);
        string name = $"node-{Convert.ToHexString(serial)}", pem = own.ExportCertificatePem();
        string password = "", keyFile = "", file;
        switch (form)
        {
            case "pfx":
                password = "secret";
                file = _folder.At($"{name}.pfx");
                File.WriteAllBytes(file, own.Export(X509ContentType.Pfx, password));
                break;
            case "encrypted":
                password = "secret";
                file = Write($"{name}.pem", pem);
                keyFile = Write($"{name}.key", key.ExportEncryptedPkcs8PrivateKeyPem(
                    password, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
                break;
            case "pem-and-key":
                file = Write($"{name}.pem", pem);
                keyFile = Write($"{name}.key", key.ExportPkcs8PrivateKeyPem());
                break;
            default:
                file = Write($"{name}.pem", $"{pem}\n{key.ExportPkcs8PrivateKeyPem()}\n");
                break;
        }

        return new NodeIdentityFiles(file, keyFile, password, [Path], checksNames);
    }

    public string Write(string name, string text) => _folder.Write(name, text);

    public void Dispose()
    {
        _root.Dispose();
        _folder.Dispose();
    }
}
