namespace CaffeActors.Compute.Nets.Memory;

/// <summary>
/// What must be over before what begins, among the events of a net's pass: layers running forward and backward. Events
/// are numbered so that one comes after another only if its number is higher. Two of which neither comes after the
/// other may happen in any order, as messages arrive. Immutable; thread-safe.
/// </summary>
public sealed class EventOrder
{
    private const int Bits = 64;

    // For each event those that come after it.
    private readonly ulong[][] _later;
    private readonly int _layers;

    /// <summary>An order of events.</summary>
    /// <param name="count">Number of events.</param>
    /// <param name="next">For each event some that come after it, with higher numbers; those that come after these
    /// follow.</param>
    public EventOrder(int count, IReadOnlyList<IEnumerable<int>> next)
    {
        _later = new ulong[count][];
        for (int first = count - 1; first >= 0; first--)
        {
            ulong[] later = _later[first] = new ulong[(count + Bits - 1) / Bits];
            foreach (int second in next[first])
            {
                ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(second, first);
                later[second / Bits] |= 1UL << (second % Bits);
                for (int word = 0; word < later.Length; word++)
                    later[word] |= _later[second][word];
            }
        }
    }

    private EventOrder(IReadOnlyList<NetLayer> layers, List<int>[] next)
        : this(next.Length, next) => _layers = layers.Count;

    /// <summary>Number of events.</summary>
    public int Count => _later.Length;

    /// <summary>The order of a net's pass: a layer runs forward after those it reads from; all forward is over before
    /// the first runs backward; a layer runs backward after all that make gradients for it.</summary>
    /// <param name="layers">The net's layers.</param>
    /// <param name="backward">Whether the pass goes backward too.</param>
    public static EventOrder Of(IReadOnlyList<NetLayer> layers, bool backward)
    {
        int count = layers.Count;
        var next = new List<int>[backward ? 2 * count : count];
        for (int i = 0; i < next.Length; i++)
            next[i] = [];
        foreach (NetLayer layer in layers)
        {
            for (int b = 0; b < layer.Producers.Count; b++)
            {
                int producer = layer.Producers[b].Rank;
                next[producer].Add(layer.Rank);
                if (backward && layer.NeedBackward && layer.BottomNeedBackward[b] && layers[producer].NeedBackward)
                    next[BackwardOf(layer.Rank, count)].Add(BackwardOf(producer, count));
            }

            if (backward)
                next[layer.Rank].AddRange(Enumerable.Range(count, count));
        }

        return new EventOrder(layers, next);
    }

    /// <summary>The event of a layer running forward.</summary>
    /// <param name="rank">The layer.</param>
    public static int Forward(int rank) => rank;

    /// <summary>The event of a layer running backward, in an order that has such.</summary>
    /// <param name="rank">The layer.</param>
    public int Backward(int rank) => BackwardOf(rank, _layers);

    /// <summary>Whether one event is over before another begins, in whatever order they happen.</summary>
    public bool Precedes(int first, int second) => (_later[first][second / Bits] >> (second % Bits) & 1) != 0;

    /// <summary>Whether all of some events are over before any of others begins.</summary>
    public bool Precede(IReadOnlyList<int> first, IReadOnlyList<int> second)
    {
        foreach (int early in first)
        {
            foreach (int late in second)
            {
                if (!Precedes(early, late))
                    return false;
            }
        }

        return true;
    }

    // Backward events have the order in which a loop over falling ranks meets them.
    private static int BackwardOf(int rank, int layers) => (2 * layers) - 1 - rank;
}
