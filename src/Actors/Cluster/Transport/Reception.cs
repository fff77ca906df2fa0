using System.Net.Sockets;

namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>Finds out who has connected, and hands the connection to its link or says why not. Each guest has a thread
/// while it is being asked, so that one who says nothing keeps nobody waiting.</summary>
internal sealed class Reception(DataPlaneOptions options, OpenEpochs epochs)
{
    // Guests at a time. Members are few; more are strangers who knock and say nothing.
    private const int MostGuests = 256;

    private int _guests;

    /// <summary>Asks somebody who has connected.</summary>
    public void Receive(Socket socket)
    {
        if (Interlocked.Increment(ref _guests) > MostGuests)
        {
            Interlocked.Decrement(ref _guests);
            socket.Dispose();
            options.Log($"more than {MostGuests} connections have not said who they are; another one was refused");
            return;
        }

        new Thread(() => Ask(socket)) { IsBackground = true, Name = "data plane guest" }.Start();
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
        catch (Exception failure) when (Connection.IsBreak(failure))
        {
            options.Log($"a connection from {from} was refused: {failure.Message}");
        }
        finally
        {
            if (!isTaken)
                socket.Dispose();
            Interlocked.Decrement(ref _guests);
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
