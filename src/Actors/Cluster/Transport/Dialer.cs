using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;

namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>Connects to a peer and greets it.</summary>
internal sealed class Dialer(LinkRoute route, LinkSecurity? security)
{
    /// <summary>Makes one attempt.</summary>
    /// <param name="greeting">What is said to the peer.</param>
    /// <param name="within">How long it may take.</param>
    /// <param name="cancel">Ends it early.</param>
    public DialResult Dial(Greeting greeting, TimeSpan within, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(within);
        Socket? socket = null;
        try
        {
            socket = Connect(limit.Token);
            Connection connection;
            GreetingReply reply;
            // What blocks ends with the socket, when time is up.
            using (limit.Token.UnsafeRegister(Dispose, socket))
            {
                connection = Connection.To(socket, route.Peer.Host, security);
                reply = Greet(connection, greeting);
            }

            if (Refusal(reply) is not { } refusal)
                return new DialResult(connection, reply.Received);
            socket.Dispose();
            return refusal;
        }
        catch (SocketException failure) when (failure.SocketErrorCode == SocketError.ConnectionRefused)
        {
            socket?.Dispose();
            return DialResult.Gone(
                $"{route.PeerName} refuses connections at {route.Peer.Host}:{route.Peer.Port}: its process is gone");
        }
        catch (AuthenticationException failure)
        {
            socket?.Dispose();
            return DialResult.Never($"{route.PeerName} is not let in: {failure.Message}");
        }
        catch (Exception failure) when (Connection.IsBreak(failure))
        {
            socket?.Dispose();
            return DialResult.NotNow(
                limit.IsCancellationRequested ? "no answer" : failure.Message);
        }
    }

    private Socket Connect(CancellationToken limit)
    {
        IPAddress[] addresses = IPAddress.TryParse(route.Peer.Host, out IPAddress? address)
            ? [address]
            : Dns.GetHostAddressesAsync(route.Peer.Host, limit).GetAwaiter().GetResult();
        for (int i = 0; ; i++)
        {
            var socket = new Socket(addresses[i].AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                using (limit.UnsafeRegister(Dispose, socket))
                    socket.Connect(addresses[i], route.Peer.Port);
                socket.NoDelay = true;
                return socket;
            }
            catch (SocketException) when (i + 1 < addresses.Length && !limit.IsCancellationRequested)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    private static void Dispose(object? socket) => ((Socket)socket!).Dispose();

    private static GreetingReply Greet(Connection connection, Greeting greeting)
    {
        Span<byte> bytes = stackalloc byte[Greeting.Size];
        greeting.Write(bytes);
        connection.Send(bytes);
        Span<byte> answer = bytes[..GreetingReply.Size];
        connection.Receive(answer);
        return GreetingReply.TryRead(answer, out GreetingReply reply)
            ? reply
            : throw new IOException("what answers is no data plane of CaffeActors");
    }

    private DialResult? Refusal(GreetingReply reply) => reply.Answer switch
    {
        GreetingAnswer.Welcome => null,
        GreetingAnswer.TooEarly => DialResult.NotNow("it has not begun the epoch yet"),
        GreetingAnswer.OtherVersion => DialResult.Never(
            $"{route.PeerName} speaks version {reply.Version} of the data plane, this node "
            + $"{Greeting.CurrentVersion}; run the same program on all nodes"),
        GreetingAnswer.EpochOver => DialResult.Never($"{route.PeerName} has left epoch {route.Epoch}"),
        GreetingAnswer.OtherNode => DialResult.Never(
            $"{route.PeerName} is gone: another process listens at {route.Peer.Host}:{route.Peer.Port}"),
        GreetingAnswer.NoNeighbour => DialResult.Never(
            $"{route.PeerName} knows no link to node {route.Rank} in epoch {route.Epoch}"),
        _ => DialResult.Never($"{route.PeerName} gives an answer that is not known ({(byte)reply.Answer})"),
    };
}
