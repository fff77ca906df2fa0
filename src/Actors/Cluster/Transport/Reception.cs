using System.Net.Sockets;

namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>Finds out who has connected, and hands the connection to its link or says why not. Each guest has a thread
/// while it is being asked, so that one who says nothing keeps nobody waiting. Disposing it sends all of them
/// away.</summary>
internal sealed class Reception(DataPlaneOptions options, OpenEpochs epochs) : IDisposable
{
    // Guests at a time. Members are few; more are strangers who knock and say nothing.
    private const int MostGuests = 256;

    private readonly Lock _gate = new();
    private readonly Dictionary<Socket, Thread> _guests = [];
    private bool _isOver;

    /// <summary>Asks somebody who has connected.</summary>
    public void Receive(Socket socket)
    {
        lock (_gate)
        {
            if (!_isOver && _guests.Count < MostGuests)
            {
                var thread = new Thread(() => Ask(socket)) { IsBackground = true, Name = "data plane guest" };
                _guests.Add(socket, thread);
                thread.Start();
                return;
            }
        }

        socket.Dispose();
        options.Log($"a connection was refused: {MostGuests} others have not said who they are");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        KeyValuePair<Socket, Thread>[] guests;
        lock (_gate)
        {
            _isOver = true;
            guests = [.. _guests];
        }

        foreach ((Socket socket, _) in guests)
            socket.Dispose();
        foreach ((_, Thread thread) in guests)
            thread.Join();
    }

    private void Ask(Socket socket)
    {
        string from = "somebody";
        bool isTaken = false;
        try
        {
            from = socket.RemoteEndPoint?.ToString() ?? from;
            socket.NoDelay = true;
            socket.ReceiveTimeout = socket.SendTimeout = (int)options.GreetWithin.TotalMilliseconds;
            var connection = Connection.From(socket, options.Security);
            Greeting greeting = Read(connection);
            socket.ReceiveTimeout = socket.SendTimeout = 0;
            isTaken = Admit(connection, greeting, from);
        }
#pragma warning disable CA1031 // Whatever a stranger does, it must not end the process.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            options.Log($"a connection from {from} was refused: {failure.Message}");
        }
        finally
        {
            if (!isTaken)
                socket.Dispose();
            lock (_gate)
                _guests.Remove(socket);
        }
    }

    private static Greeting Read(Connection connection)
    {
        Span<byte> bytes = stackalloc byte[Greeting.Size];
        connection.Receive(bytes);
        return Greeting.TryRead(bytes, out Greeting greeting)
            ? greeting
            : throw new IOException("it does not speak the protocol of the data plane");
    }

    private bool Admit(Connection connection, Greeting greeting, string from)
    {
        bool isLink = greeting.Purpose == GreetingPurpose.Link;
        GreetingAnswer answer = Check(greeting, isLink, out Link? link);
        if (isLink && answer == GreetingAnswer.Welcome && link!.Offer(connection, greeting.Received))
            return true;
        // A link that is over says so; a question is answered and that is all.
        if (isLink && answer == GreetingAnswer.Welcome)
            answer = GreetingAnswer.EpochOver;
        Span<byte> reply = stackalloc byte[GreetingReply.Size];
        new GreetingReply(Greeting.CurrentVersion, answer, options.Node, 0).Write(reply);
        connection.Send(reply);
        connection.FinishSending();
        if (isLink)
            options.Log($"a connection from {from} was refused: {Explain(answer, greeting)}");
        return false;
    }

    private GreetingAnswer Check(Greeting greeting, bool mayWait, out Link? link)
    {
        link = null;
        if (greeting.Version != Greeting.CurrentVersion)
            return GreetingAnswer.OtherVersion;
        return greeting.To == options.Node
            ? epochs.Find(greeting, mayWait ? options.OpenWithin : TimeSpan.Zero, out link)
            : GreetingAnswer.OtherNode;
    }

    private string Explain(GreetingAnswer answer, Greeting greeting) => answer switch
    {
        GreetingAnswer.OtherVersion =>
            $"it speaks version {greeting.Version} of the data plane, this node {Greeting.CurrentVersion}",
        GreetingAnswer.OtherNode => $"it looks for node {greeting.To:x16}, this is {options.Node:x16}",
        GreetingAnswer.NoNeighbour => $"node {greeting.From:x16} is no neighbour in epoch {greeting.Epoch}",
        GreetingAnswer.TooEarly => $"epoch {greeting.Epoch} has not begun here",
        _ => $"epoch {greeting.Epoch} is over here",
    };
}
