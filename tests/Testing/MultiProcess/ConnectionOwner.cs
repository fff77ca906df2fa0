using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace CaffeActors.Testing.MultiProcess;

/// <summary>Which process of this machine has made a connection, as Linux tells in <c>/proc</c>.</summary>
internal static class ConnectionOwner
{
    private const int LocalColumn = 1, RemoteColumn = 2, InodeColumn = 9;

    // A socket for both kinds of addresses is in the second one, whatever it is connected to.
    private static readonly string[] _tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <summary>Finds the one among some processes that is at the other end of an accepted connection.</summary>
    /// <param name="accepted">The connection, IPv4.</param>
    /// <param name="processes">Their ids.</param>
    /// <returns>Its id, or null where it is none of them.</returns>
    public static int? Find(Socket accepted, IEnumerable<int> processes)
    {
        string there = Port(accepted.RemoteEndPoint), here = Port(accepted.LocalEndPoint);
        foreach (string line in _tables.Where(File.Exists).SelectMany(File.ReadLines))
        {
            string[] columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (columns[LocalColumn].EndsWith(there, StringComparison.Ordinal)
                && columns[RemoteColumn].EndsWith(here, StringComparison.Ordinal))
            {
                string link = $"socket:[{columns[InodeColumn]}]";
                return processes.Cast<int?>().FirstOrDefault(id => Holds(id!.Value, link));
            }
        }

        return null;
    }

    private static bool Holds(int process, string link)
    {
        try
        {
            return new DirectoryInfo($"/proc/{process}/fd").EnumerateFileSystemInfos()
                .Any(file => file.LinkTarget == link);
        }
        catch (IOException)
        {
            // It has ended, or closed a file meanwhile.
            return false;
        }
    }

    private static string Port(EndPoint? end) =>
        string.Create(CultureInfo.InvariantCulture, $":{((IPEndPoint)end!).Port:X4}");
}
