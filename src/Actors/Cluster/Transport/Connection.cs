using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>A TCP connection between two nodes, encrypted or not. One thread may send while another receives; both
/// block. Disposing it, on any thread, ends what they do with a failure that <see cref="IsBreak"/> knows.</summary>
internal sealed class Connection : IDisposable
{
    private readonly Socket _socket;
    private readonly SslStream? _secured;

    private Connection(Socket socket, SslStream? secured) => (_socket, _secured) = (socket, secured);

    /// <summary>A connection that this side has made, encrypted where that is wanted.</summary>
    /// <param name="socket">Belongs to the connection from here on.</param>
    /// <param name="host">The host that was connected to.</param>
    /// <param name="security">How; null where it is not encrypted.</param>
    public static Connection To(Socket socket, string host, LinkSecurity? security) =>
        new(socket, security?.AsClient(socket, host));

    /// <summary>A connection that the other side has made, encrypted where that is wanted.</summary>
    /// <param name="socket">Belongs to the connection from here on.</param>
    /// <param name="security">How; null where it is not encrypted.</param>
    public static Connection From(Socket socket, LinkSecurity? security) => new(socket, security?.AsServer(socket));

    /// <summary>Whether a failure is one of the connection, and not of the program.</summary>
    public static bool IsBreak(Exception failure) => failure is IOException or SocketException
        or ObjectDisposedException or AuthenticationException or OperationCanceledException;

    /// <summary>Sends bytes, all of them.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        if (_secured is not null)
        {
            _secured.Write(bytes);
            return;
        }

        while (!bytes.IsEmpty)
            bytes = bytes[_socket.Send(bytes)..];
    }

    /// <summary>Receives at least one byte.</summary>
    /// <param name="bytes">Where to, at least one.</param>
    /// <returns>How many have come.</returns>
    /// <exception cref="EndOfStreamException">The other has closed the connection.</exception>
    public int ReceiveSome(Span<byte> bytes)
    {
        int count = _secured is not null ? _secured.Read(bytes) : _socket.Receive(bytes);
        return count > 0 ? count : throw new EndOfStreamException("the other side has closed the connection");
    }

    /// <summary>Receives bytes, as many as there is room for.</summary>
    public void Receive(Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[ReceiveSome(bytes)..];
    }

    /// <summary>Says that nothing more is sent; what was sent still arrives.</summary>
    public void FinishSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <inheritdoc/>
    public void Dispose()
    {
        // The socket alone: an SslStream must not be disposed while others use it. The collector frees what it holds.
        _socket.Dispose();
    }
}
