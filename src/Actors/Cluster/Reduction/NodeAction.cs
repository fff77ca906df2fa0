namespace CaffeActors.Actors.Cluster.Reduction;

/// <summary>What a node is to do with a unit: a part of the gradients, or the statistics, that travels as one
/// block.</summary>
internal enum NodeActionKind
{
    /// <summary>Add what a neighbour sent to the own gradients.</summary>
    Add,

    /// <summary>Send the own gradients, with what was added, on to the sum.</summary>
    SendPartial,

    /// <summary>Send the own gradients, which are the whole sum now, to those who wait for it.</summary>
    SendSum,

    /// <summary>Send a sum that came on to those who wait for it.</summary>
    ForwardSum,

    /// <summary>Take a sum that came for the own gradients.</summary>
    Take,

    /// <summary>All sums are there (of no unit).</summary>
    Complete,
}

/// <summary>One thing that a node is to do.</summary>
/// <param name="Kind">What.</param>
/// <param name="Unit">With which unit.</param>
/// <param name="Peer">Rank of the neighbour whose gradients are added, or from whom the sum came; else -1.</param>
internal readonly record struct NodeAction(NodeActionKind Kind, int Unit, int Peer);
