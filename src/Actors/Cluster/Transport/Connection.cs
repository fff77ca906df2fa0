using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>A TCP connection between two nodes, encrypted or not. One thread may send while another receives; both
/// block. Disposing it, on any thread, ends what they do with a failure that <see cref="IsBreak"/> knows.</summary>
internal sealed class Connection(Socket socket, SslStream? secured = null) : IDisposable
{
    /// <summary>Whether a failure is one of the connection, and not of the program.</summary>
    public static bool IsBreak(Exception failure) => failure is IOException or SocketException
        or ObjectDisposedException or AuthenticationException or OperationCanceledException;

    /// <summary>Sends bytes, all of them.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        if (secured is not null)
        {
            secured.Write(bytes);
            return;
        }

        while (!bytes.IsEmpty)
            bytes = bytes[socket.Send(bytes)..];
    }

    /// <summary>Receives at least one byte.</summary>
    /// <param name="bytes">Where to, at least one.</param>
    /// <returns>How many have come.</returns>
    /// <exception cref="EndOfStreamException">The other has closed the connection.</exception>
    public int ReceiveSome(Span<byte> bytes)
    {
        int count = secured is not null ? secured.Read(bytes) : socket.Receive(bytes);
        return count > 0 ? count : throw new EndOfStreamException("the other side has closed the connection");
    }

    /// <summary>Receives bytes, as many as there is room for.</summary>
    public void Receive(Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[ReceiveSome(bytes)..];
    }

    /// <summary>Says that nothing more is sent; what was sent still arrives.</summary>
    public void FinishSending() => socket.Shutdown(SocketShutdown.Send);

    /// <inheritdoc/>
    public void Dispose()
    {
        // The socket alone: an SslStream must not be disposed while others use it, and holds nothing native.
        socket.Dispose();
    }
}
