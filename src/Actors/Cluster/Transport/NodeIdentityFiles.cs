namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>Where a node's certificate and those of the authorities it trusts are.</summary>
/// <param name="Certificate">A PEM or PFX file with the node's certificate, and those between it and its
/// authority.</param>
/// <param name="Key">A PEM file with the certificate's private key; empty where it is in the certificate's
/// file.</param>
/// <param name="Password">Opens the key or the PFX file; empty where it is not encrypted.</param>
/// <param name="Authorities">PEM files of the only authorities that are trusted, at least one.</param>
/// <param name="ChecksNames">Whether a node's certificate must be for the host that is connected to. Default
/// on.</param>
internal sealed record NodeIdentityFiles(
    string Certificate, string Key, string Password, IReadOnlyList<string> Authorities, bool ChecksNames = true);
