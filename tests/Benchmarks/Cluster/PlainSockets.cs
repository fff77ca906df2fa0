using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace CaffeActors.Benchmarks.Cluster;

/// <summary>Two sockets of this machine, and nothing between: bucket after bucket is sent and received where it is to
/// be.</summary>
internal sealed unsafe class PlainSockets : ITransfer
{
    private readonly Socket _sender = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _receiver;

    public PlainSockets()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        _sender.Connect(listener.LocalEndPoint!);
        _receiver = listener.Accept();
        _sender.NoDelay = _receiver.NoDelay = true;
    }

    public string Name => "plain sockets";

    public TimeSpan Send(Buckets from, Buckets to)
    {
        long begun = Stopwatch.GetTimestamp();
        var receiving = new Thread(() =>
        {
            for (int i = 0; i < to.Count; i++)
            {
                for (Span<byte> left = to[i]; !left.IsEmpty;)
                    left = left[_receiver.Receive(left)..];
            }
        });
        receiving.Start();
        for (int i = 0; i < from.Count; i++)
        {
            for (ReadOnlySpan<byte> left = from[i]; !left.IsEmpty;)
                left = left[_sender.Send(left)..];
        }

        receiving.Join();
        return Stopwatch.GetElapsedTime(begun);
    }

    public void Dispose()
    {
        _sender.Dispose();
        _receiver.Dispose();
    }
}
