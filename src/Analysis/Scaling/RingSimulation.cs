namespace CaffeActors.Analysis.Scaling;

/// <summary>A bucket is cut into n chunks; each goes round once to be summed and once more to be handed out, a node
/// sending one chunk on when it has received the one before.</summary>
internal static class RingSimulation
{
    /// <summary>When a node has all sums, and what it has sent by then.</summary>
    public static (double End, double BytesSent) Play(NodePass pass, NodeNetwork network, int nodes)
    {
        Link outwards = default, adding = default;
        double end = 0, sent = 0;
        int steps = 2 * (nodes - 1);
        var events = new PriorityQueue<(int Bucket, int Step), (double Time, long Order)>();
        long order = 0;
        for (int bucket = 0; bucket < pass.Buckets.Count; bucket++)
            events.Enqueue((bucket, 0), (pass.Buckets[bucket].Ready, order++));
        while (events.TryDequeue(out (int Bucket, int Step) now, out (double Time, long Order) at))
        {
            if (now.Step == steps)
            {
                end = Math.Max(end, at.Time);
                continue;
            }

            double chunk = pass.Buckets[now.Bucket].Bytes / nodes, bytes = chunk * network.Compression;
            double seconds = bytes / network.BytesPerSecond;
            sent += bytes;
            double arrives = outwards.Take(at.Time, seconds) + network.Latency + seconds;
            if (now.Step < nodes - 1)
            {
                double work = chunk / network.AddBytesPerSecond;
                arrives = adding.Take(arrives, work) + work;
            }

            events.Enqueue((now.Bucket, now.Step + 1), (arrives, order++));
        }

        return (end, sent);
    }
}
