using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using CaffeActors.Actors.Configuration;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Cluster.Membership;

/// <summary>
/// The addresses by which nodes know each other. A message for an address that its receiver does not go by is dropped,
/// so all are IP addresses: whatever name a node is called by, it is the same one. Where certificates must name
/// addresses, they are what is written.
/// </summary>
internal static class NodeHosts
{
    /// <summary>The address at which the others reach this node.</summary>
    /// <param name="settings">The cluster.</param>
    /// <param name="cancel">Ends the look-up of names.</param>
    /// <exception cref="CaffeException">CFA1003: its name is unknown.</exception>
    public static async Task<string> OwnAsync(ClusterSettings settings, CancellationToken cancel)
    {
        if (settings.Host.Length > 0)
        {
            return await FindAsync(settings.Host, settings.Tls.CheckNames, cancel)
                ?? throw new CaffeException(ErrorCodes.BadSetting, FailureKind.Configuration,
                    $"the host of this node is '{settings.Host}', a name that nobody knows; give one that is known, or "
                    + "an IP address (--host, cluster.host)");
        }

        foreach (NodeAddress seed in settings.SeedNodes)
        {
            if (await FindAsync(seed.Host, asWritten: false, cancel) is { } known
                && Towards(IPAddress.Parse(known), seed.Port) is { } near)
            {
                return near;
            }
        }

        return OfNetwork() ?? IPAddress.Loopback.ToString();
    }

    /// <summary>The address that a name stands for.</summary>
    /// <param name="host">A name or an IP address.</param>
    /// <param name="asWritten">Whether it stands for itself.</param>
    /// <param name="cancel">Ends the look-up.</param>
    /// <returns>Null where nobody knows the name.</returns>
    public static async Task<string?> FindAsync(string host, bool asWritten, CancellationToken cancel)
    {
        if (asWritten || IPAddress.TryParse(host, out _))
            return host;
        try
        {
            IPAddress[] all = await Dns.GetHostAddressesAsync(host, cancel);
            return (all.FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork)
                ?? all.FirstOrDefault())?.ToString();
        }
        catch (SocketException)
        {
            return null;
        }
    }

    // A datagram socket that is connected sends nothing, but has been given the address it would send from.
    private static string? Towards(IPAddress other, int port)
    {
        try
        {
            using var socket = new Socket(other.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(other, port);
            return ((IPEndPoint)socket.LocalEndPoint!).Address.ToString();
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static string? OfNetwork() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(network => network.OperationalStatus == OperationalStatus.Up
            && network.NetworkInterfaceType != NetworkInterfaceType.Loopback)
        .Select(network => network.GetIPProperties())
        .OrderByDescending(properties => properties.GatewayAddresses.Count)
        .SelectMany(properties => properties.UnicastAddresses)
        .Select(unicast => unicast.Address)
        .FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork)?.ToString();
}
