using System.Globalization;

namespace CaffeActors.Actors.Cluster.Coordination;

/// <summary>The order of addresses <c>host:port</c>: by host, then by port as a number, as the split-brain resolver
/// has it.</summary>
internal sealed class AddressOrder : IComparer<string>
{
    /// <summary>The one that there is.</summary>
    public static readonly AddressOrder Instance = new();

    /// <inheritdoc/>
    public int Compare(string? x, string? y)
    {
        (string hostX, int portX) = Split(x ?? "");
        (string hostY, int portY) = Split(y ?? "");
        int byHost = string.CompareOrdinal(hostX, hostY);
        return byHost != 0 ? byHost : portX.CompareTo(portY);
    }

    private static (string Host, int Port) Split(string address)
    {
        int colon = address.LastIndexOf(':');
        return colon >= 0 && int.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture,
            out int port) ? (address[..colon], port) : (address, 0);
    }
}
