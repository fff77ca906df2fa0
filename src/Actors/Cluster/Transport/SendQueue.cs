namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>Blocks that wait to be sent, or to be acknowledged, numbered from 0 in the order they came. Not
/// thread-safe.</summary>
internal sealed class SendQueue
{
    private QueuedBlock[] _ring = new QueuedBlock[16];
    private int _count;

    /// <summary>Number of the first block that is not acknowledged.</summary>
    public long First { get; private set; }

    /// <summary>Number that the next block gets.</summary>
    public long End => First + _count;

    /// <summary>A block that is not acknowledged, by its number.</summary>
    public QueuedBlock this[long number] => _ring[number & (_ring.Length - 1)];

    /// <summary>Puts a block behind the others.</summary>
    public void Enqueue(QueuedBlock block)
    {
        if (_count == _ring.Length)
            Grow();
        _ring[End & (_ring.Length - 1)] = block;
        _count++;
    }

    /// <summary>Takes the first block away.</summary>
    public QueuedBlock Dequeue()
    {
        QueuedBlock first = this[First];
        _ring[First & (_ring.Length - 1)] = default;
        First++;
        _count--;
        return first;
    }

    private void Grow()
    {
        var larger = new QueuedBlock[_ring.Length * 2];
        for (long number = First; number < End; number++)
            larger[number & (larger.Length - 1)] = this[number];
        _ring = larger;
    }
}
