namespace CaffeActors.Compute.Nets.Memory;

/// <summary>A block of memory and when its contents matter.</summary>
/// <param name="Bytes">Its size.</param>
/// <param name="Lives">Times in which the contents matter, each the events that write or read them; between two lives,
/// of which one is over before the other begins, they may be lost.</param>
public sealed record MemoryBlock(long Bytes, IReadOnlyList<IReadOnlyList<int>> Lives)
{
    /// <summary>Whether two blocks may lie in the same place: in whatever order events happen, no life of one falls
    /// into a life of the other.</summary>
    /// <param name="other">The other.</param>
    /// <param name="order">What must come after what.</param>
    public bool FitsWith(MemoryBlock other, EventOrder order)
    {
        foreach (IReadOnlyList<int> life in Lives)
        {
            foreach (IReadOnlyList<int> second in other.Lives)
            {
                if (!order.Precede(life, second) && !order.Precede(second, life))
                    return false;
            }
        }

        return true;
    }
}
