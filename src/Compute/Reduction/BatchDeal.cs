namespace CaffeActors.Compute.Reduction;

/// <summary>How the records of a batch are dealt out to nodes, and who of them adds whose sums. Pure;
/// thread-safe.</summary>
public sealed class BatchDeal
{
    private BatchDeal(IReadOnlyList<NodeShare> shares, IReadOnlyList<ReductionPair> pairs) =>
        (Shares, Pairs) = (shares, pairs);

    /// <summary>By rank, what each takes.</summary>
    public IReadOnlyList<NodeShare> Shares { get; }

    /// <summary>Who adds whose sums; a parent adds in this order.</summary>
    public IReadOnlyList<ReductionPair> Pairs { get; }
}
