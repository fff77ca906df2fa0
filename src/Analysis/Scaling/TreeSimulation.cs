using CaffeActors.Compute.Reduction;

namespace CaffeActors.Analysis.Scaling;

/// <summary>Each node adds its children's sums to its own gradients in their order, hands the sum up, and hands the
/// whole sum down, to the child with the largest branch first.</summary>
internal sealed class TreeSimulation
{
    private const int Ready = -1, Down = -2, Added = -3, Sent = -4;

    private readonly NodePass _pass;
    private readonly NodeNetwork _network;
    private readonly int _nodes;
    private readonly int[] _parent;
    private readonly int[][] _children;
    private readonly Queue<(int To, int Bucket, int What)>[] _out;
    private readonly Link[] _in, _adding;
    private readonly double[] _sent;

    // By bucket and node: how many sums are added, -1 before its own gradients are complete; and who has come.
    private readonly int[][] _added;
    private readonly HashSet<(int Bucket, int Child)> _waiting = [];
    private readonly PriorityQueue<(int Node, int Bucket, int What), (double Time, long Order)> _events = new();
    private long _order;

    public TreeSimulation(IReadOnlyList<ReductionPair> pairs, NodePass pass, NodeNetwork network, int nodes)
    {
        (_pass, _network, _nodes) = (pass, network, nodes);
        _parent = new int[nodes];
        var children = new List<int>[nodes];
        for (int node = 0; node < nodes; node++)
            children[node] = [];
        foreach (ReductionPair pair in pairs)
        {
            _parent[pair.Child] = pair.Parent;
            children[pair.Parent].Add(pair.Child);
        }

        _children = [.. children.Select(list => list.ToArray())];
        _out = [.. children.Select(_ => new Queue<(int, int, int)>())];
        (_in, _adding) = (new Link[nodes], new Link[nodes]);
        _sent = new double[nodes];
        _added = [.. pass.Buckets.Select(_ => Enumerable.Repeat(-1, nodes).ToArray())];
    }

    /// <summary>Bytes that the busiest node has sent.</summary>
    public double BytesSent => _sent.Max();

    /// <summary>Plays it.</summary>
    /// <param name="whole">By node, when it has all sums.</param>
    public void Play(double[] whole)
    {
        for (int bucket = 0; bucket < _pass.Buckets.Count; bucket++)
        {
            for (int node = 0; node < _nodes; node++)
                Tell(node, bucket, Ready, _pass.Buckets[bucket].Ready);
        }

        while (_events.TryDequeue(out (int Node, int Bucket, int What) now, out (double Time, long Order) at))
        {
            if (now.What == Down)
            {
                HandDown(now.Node, now.Bucket, at.Time, whole);
                continue;
            }

            if (now.What == Sent)
            {
                _out[now.Node].Dequeue();
                SendNext(now.Node, at.Time);
                continue;
            }

            if (now.What is Ready or Added)
                _added[now.Bucket][now.Node]++;
            else
                _waiting.Add((now.Bucket, now.What));
            // What has come is added only when it is its turn and nothing is being added.
            if (now.What is Ready or Added || IsNext(now.Node, now.Bucket, now.What))
                Go(now.Node, now.Bucket, at.Time, whole);
        }
    }

    private bool IsNext(int node, int bucket, int child)
    {
        int added = _added[bucket][node];
        return added >= 0 && _children[node][added] == child;
    }

    private void Go(int node, int bucket, double time, double[] whole)
    {
        int added = _added[bucket][node];
        if (added < _children[node].Length)
        {
            if (!_waiting.Remove((bucket, _children[node][added])))
                return;
            double work = _pass.Buckets[bucket].Bytes / _network.AddBytesPerSecond;
            Tell(node, bucket, Added, _adding[node].Take(time, work) + work);
        }
        else if (node > 0)
        {
            Send(node, _parent[node], bucket, node, time);
        }
        else
        {
            HandDown(node, bucket, time, whole);
        }
    }

    private void HandDown(int node, int bucket, double time, double[] whole)
    {
        whole[node] = Math.Max(whole[node], time);
        for (int i = _children[node].Length - 1; i >= 0; i--)
            Send(node, _children[node][i], bucket, Down, time);
    }

    private void Send(int from, int to, int bucket, int what, double time)
    {
        _out[from].Enqueue((to, bucket, what));
        if (_out[from].Count == 1)
            SendNext(from, time);
    }

    // A block takes its turn at the receiver's link when it leaves, so that senders share that link.
    private void SendNext(int from, double time)
    {
        if (!_out[from].TryPeek(out (int To, int Bucket, int What) next))
            return;
        double bytes = _pass.Buckets[next.Bucket].Bytes * _network.Compression;
        double seconds = bytes / _network.BytesPerSecond;
        _sent[from] += bytes;
        Tell(from, next.Bucket, Sent, time + seconds);
        Tell(next.To, next.Bucket, next.What, _in[next.To].Take(time + _network.Latency, seconds) + seconds);
    }

    private void Tell(int node, int bucket, int what, double time) =>
        _events.Enqueue((node, bucket, what), (time, _order++));
}
