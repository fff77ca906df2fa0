using CaffeActors.Compute.Reduction;

namespace CaffeActors.Analysis.Scaling;

/// <summary>Each node adds its children's sums to its own gradients in their order, hands the sum up, and hands the
/// whole sum down. A block travels when the sender's link and the receiver's are free; who waits for one takes turns,
/// as connections that share a link do.</summary>
internal sealed class TreeSimulation
{
    private const int Ready = -1, Down = -2, Added = -3, Freed = -4;

    private readonly NodePass _pass;
    private readonly NodeNetwork _network;
    private readonly int _nodes;
    private readonly int[] _parent;
    private readonly int[][] _children;
    // By node and neighbour, what waits to be sent; whose turn it is to be sent to and to be received from.
    private readonly int[][] _neighbours;
    private readonly Queue<(int Bucket, int What)>[][] _outbox;
    private readonly bool[] _sends, _receives;
    private readonly int[] _toTurn, _fromTurn;
    private readonly Link[] _adding;
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
        // The last child has the largest branch: it is sent to first.
        _neighbours =
        [
            .. children.Select((list, node) =>
                (int[])[.. list.AsEnumerable().Reverse(), .. node > 0 ? (int[])[_parent[node]] : []]),
        ];
        _outbox = [.. _neighbours.Select(list => list.Select(_ => new Queue<(int, int)>()).ToArray())];
        (_sends, _receives, _adding) = (new bool[nodes], new bool[nodes], new Link[nodes]);
        (_toTurn, _fromTurn) = (new int[nodes], new int[nodes]);
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

            if (now.What == Freed)
            {
                // The bucket's place tells the receiver here.
                _sends[now.Node] = _receives[now.Bucket] = false;
                ReceiveNext(now.Bucket, at.Time);
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
        _outbox[from][Array.IndexOf(_neighbours[from], to)].Enqueue((bucket, what));
        SendNext(from, time);
    }

    private void SendNext(int from, double time)
    {
        for (int i = 0; i < _neighbours[from].Length && !_sends[from]; i++)
        {
            int turn = (_toTurn[from] + i) % _neighbours[from].Length;
            if (Begin(from, _neighbours[from][turn], time))
                _toTurn[from] = turn + 1;
        }
    }

    private void ReceiveNext(int to, double time)
    {
        for (int i = 0; i < _neighbours[to].Length && !_receives[to]; i++)
        {
            int turn = (_fromTurn[to] + i) % _neighbours[to].Length;
            if (Begin(_neighbours[to][turn], to, time))
                _fromTurn[to] = turn + 1;
        }
    }

    private bool Begin(int from, int to, double time)
    {
        Queue<(int Bucket, int What)> box = _outbox[from][Array.IndexOf(_neighbours[from], to)];
        if (_sends[from] || _receives[to] || box.Count == 0)
            return false;
        (int bucket, int what) = box.Dequeue();
        (_sends[from], _receives[to]) = (true, true);
        double bytes = _pass.Buckets[bucket].Bytes * _network.Compression;
        double seconds = bytes / _network.BytesPerSecond;
        _sent[from] += bytes;
        Tell(from, to, Freed, time + seconds);
        Tell(to, bucket, what, time + seconds + _network.Latency);
        return true;
    }

    private void Tell(int node, int bucket, int what, double time) =>
        _events.Enqueue((node, bucket, what), (time, _order++));
}
