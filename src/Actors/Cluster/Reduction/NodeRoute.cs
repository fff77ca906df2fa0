using CaffeActors.Compute.Reduction;

namespace CaffeActors.Actors.Cluster.Reduction;

/// <summary>The way of one unit through a node: along a tree of nodes or around a ring of them. Pure.</summary>
internal sealed record NodeRoute
{
    /// <summary>Ranks whose partial sums the node adds to its own, in this order.</summary>
    public int[] Adds { get; init; } = [];

    /// <summary>Who takes the partial sum; -1 where it is whole here, or where the node gives none.</summary>
    public int Up { get; init; } = -1;

    /// <summary>Who sends the whole sum; -1 where it is made here.</summary>
    public int From { get; init; } = -1;

    /// <summary>Whom the whole sum is sent to.</summary>
    public int[] Down { get; init; } = [];

    /// <summary>Whether the node has something of its own to give.</summary>
    public bool Gives => From < 0 || Up >= 0;

    /// <summary>Ranks that the node exchanges something with; one may come twice.</summary>
    public IEnumerable<int> Neighbours => Adds.Concat(Down).Append(Up).Append(From).Where(rank => rank >= 0);

    /// <summary>The way of gradients along the deal's pairs: up to rank 0, and down again.</summary>
    /// <param name="deal">Who adds whose sums.</param>
    /// <param name="rank">The node.</param>
    public static NodeRoute OfTree(BatchDeal deal, int rank)
    {
        int[] children = [.. deal.Pairs.Where(pair => pair.Parent == rank).Select(pair => pair.Child)];
        int parent = deal.Pairs.SingleOrDefault(pair => pair.Child == rank)?.Parent ?? -1;
        // The child of the last round has the greatest part of the tree below it.
        return new NodeRoute { Adds = children, Up = parent, From = parent, Down = [.. children.Reverse()] };
    }

    /// <summary>The way of one chunk of a bucket around the ring: it begins at the rank of its number, is whole at the
    /// rank before that, and goes round once more.</summary>
    /// <param name="nodes">How many there are.</param>
    /// <param name="rank">The node.</param>
    /// <param name="chunk">The chunk, of as many as there are nodes.</param>
    public static NodeRoute OfRing(int nodes, int rank, int chunk)
    {
        int owner = (chunk + nodes - 1) % nodes, next = (rank + 1) % nodes, before = (rank + nodes - 1) % nodes;
        return new NodeRoute
        {
            Adds = rank == chunk ? [] : [before],
            Up = rank == owner ? -1 : next,
            From = rank == owner ? -1 : before,
            Down = next == owner ? [] : [next],
        };
    }

    /// <summary>The way of what rank 0 alone gives, along the same links.</summary>
    /// <param name="deal">Who adds whose sums.</param>
    /// <param name="rank">The node.</param>
    /// <param name="ring">Whether it goes around the ring.</param>
    public static NodeRoute OfRoot(BatchDeal deal, int rank, bool ring)
    {
        int nodes = deal.Shares.Count;
        NodeRoute route = ring ? OfRing(nodes, rank, 1 % nodes) : OfTree(deal, rank);
        return route with { Adds = [], Up = -1 };
    }
}
