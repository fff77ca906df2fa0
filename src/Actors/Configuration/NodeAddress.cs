using System.Globalization;
using System.Net;

namespace CaffeActors.Actors.Configuration;

/// <summary>Where a node is reached for membership and control.</summary>
/// <param name="Host">A name or an IP address.</param>
/// <param name="Port">Its port, 1 to 65535.</param>
public sealed record NodeAddress(string Host, int Port)
{
    /// <summary>The port where none is given.</summary>
    public const int DefaultPort = 4053;

    /// <summary>What an address looks like, for messages.</summary>
    public const string Expected = "an address HOST:PORT, such as node-1:4053 or [fe80::1]:4053";

    /// <summary>Reads <c>HOST:PORT</c>, <c>HOST</c> or <c>[IPV6]:PORT</c>.</summary>
    /// <returns>The address, or null where it is none.</returns>
    public static NodeAddress? TryParse(string text)
    {
        string host = text.Trim(), port = "";
        int bracket = host.StartsWith('[') ? host.IndexOf(']') : -1;
        int colon = bracket >= 0 ? host.IndexOf(':', bracket) : host.IndexOf(':');
        // More than one colon outside brackets is an IPv6 address without a port.
        if (colon >= 0 && (bracket >= 0 || host.IndexOf(':', colon + 1) < 0))
            (host, port) = (host[..colon], host[(colon + 1)..]);
        else
            colon = -1;
        if (bracket >= 0)
        {
            if (bracket != host.Length - 1)
                return null;
            host = host[1..^1];
        }

        bool isHost = host.Contains(':') ? IPAddress.TryParse(host, out _)
            : host.Length > 0 && host.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
        if (!isHost)
            return null;
        if (colon < 0)
            return new NodeAddress(host, DefaultPort);
        return ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number) && number > 0
            ? new NodeAddress(host, number)
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{(Host.Contains(':') ? $"[{Host}]" : Host)}:{Port}");
}
